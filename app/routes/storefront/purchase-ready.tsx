import type { CheckoutReturn } from "#app/domain/checkout/checkout-return.server.ts";
import { planName } from "#app/domain/product/plan-words.ts";
import { paths } from "#app/paths.ts";
import { ButtonLink } from "#app/ui/button.tsx";
import { Card } from "#app/ui/card.tsx";
import { Fact, Facts } from "#app/ui/facts.tsx";
import { LicenseKey } from "#app/ui/license-key.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { Time } from "#app/ui/time.tsx";

type Purchase = Extract<CheckoutReturn, { state: "ready"; mine: true }>;

/** What the buyer came for: the keys, and what to do with them. Prints without the controls. */
export function PurchaseReady({ purchase }: { purchase: Purchase }) {
  const { licenses, email, orderNumber } = purchase;
  const several = licenses.length > 1;
  return (
    <div className="mx-auto grid max-w-3xl gap-6">
      <PageHeader
        title="Thank you"
        lead={`Your payment went through. ${several ? "These are your license keys." : "This is your license key."}`}
      />
      {licenses.map((license) => (
        <Card key={license.id} title={planName(license.productName, license.policyName)}>
          <div className="grid gap-5">
            <LicenseKey masked={license.maskedKey} full={license.key} revealed />
            <Facts>
              <Fact label="Devices">
                {license.deviceLimit === null ? "Any number" : `Up to ${license.deviceLimit}`}
              </Fact>
              <Fact label="Ends">
                {license.validUntil === null ? "Never" : <Time at={license.validUntil} dateOnly />}
              </Fact>
            </Facts>
          </div>
        </Card>
      ))}
      {licenses.length === 0 && (
        <Card title="Your order is being looked at">
          <p>
            We could not issue a license for what you bought by ourselves. We have been told and will email
            you; you do not have to do anything.
          </p>
        </Card>
      )}
      <Card title="What to do next">
        <ol className="grid list-decimal gap-2 pl-5">
          <li>Open the app and go to where it asks for a license key.</li>
          <li>Copy {several ? "one of the keys" : "the key"} above and paste it there.</li>
          <li>
            Keep {several ? "the keys" : "the key"} safe. You can see {several ? "them" : "it"} again at any
            time under “My licenses”.
          </li>
        </ol>
      </Card>
      <Card title="Your order">
        <Facts>
          <Fact label="Order">#{orderNumber}</Fact>
          {email && <Fact label="Also emailed to">{email}</Fact>}
        </Facts>
      </Card>
      <p>
        <ButtonLink to={paths.portal.licenses()}>Go to my licenses</ButtonLink>
      </p>
    </div>
  );
}
