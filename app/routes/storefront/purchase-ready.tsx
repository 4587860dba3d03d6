import type { ReadyPurchase } from "#app/domain/checkout/describe-sale.server.ts";
import { planName } from "#app/domain/product/plan-words.ts";
import { paths } from "#app/paths.ts";
import { ButtonLink } from "#app/ui/button.tsx";
import { Card } from "#app/ui/card.tsx";
import { Fact, Facts } from "#app/ui/facts.tsx";
import { LicenseKey } from "#app/ui/license-key.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { formatDate, Time } from "#app/ui/time.tsx";

type PurchaseReadyProps = { purchase: ReadyPurchase };

/** What the buyer came for: the keys, and what to do with them. Prints without the controls. */
export function PurchaseReady({ purchase }: PurchaseReadyProps) {
  const { licenses, email, orderNumber, renewed, subscription } = purchase;
  const several = licenses.length > 1;
  return (
    <div className="mx-auto grid max-w-3xl gap-6">
      <PageHeader title={readyTitle(purchase)} lead={leadOf(purchase)} />
      {licenses.map((license) => (
        <Card key={license.id} title={planName(license.productName, license.policyName)}>
          <div className="grid gap-5">
            <LicenseKey masked={license.maskedKey} full={license.key} revealed />
            <Facts>
              {license.seats > 1 && <Fact label="Seats">{license.seats}, all with this one key</Fact>}
              <Fact label="Devices">
                {license.deviceLimit === null ? "Any number" : `Up to ${license.deviceLimit}`}
              </Fact>
              {!subscription && (
                <Fact label={renewed ? "Renewed until" : "Ends"}>
                  {license.validUntil === null ? "Never" : <Time at={license.validUntil} dateOnly />}
                </Fact>
              )}
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
      {!renewed && (
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
      )}
      <Card title="Your order">
        <Facts>
          <Fact label="Order">#{orderNumber}</Fact>
          {/* Said once: the amount is for all keys together. */}
          {subscription && <Fact label="Next">{subscription.next}</Fact>}
          {email && <Fact label="Also emailed to">{email}</Fact>}
        </Facts>
      </Card>
      <p>
        <ButtonLink to={paths.portal.licenses()}>Go to my licenses</ButtonLink>
      </p>
    </div>
  );
}

/** The page's heading, for its title as well. */
export function readyTitle({ renewed, licenses }: ReadyPurchase): string {
  const until = renewed ? licenses[0]?.validUntil : null;
  return until ? `Renewed until ${formatDate(until)}` : "Thank you";
}

function leadOf({ licenses, renewed, subscription }: ReadyPurchase): string {
  if (renewed)
    return "Your payment went through. Your key stays the same, so there is nothing to change in the app.";
  const begun = subscription?.trialEnd
    ? `Your trial has started and is free until ${formatDate(subscription.trialEnd)}.`
    : "Your payment went through.";
  if (licenses.length === 0) return begun;
  return `${begun} ${licenses.length > 1 ? `These are your ${licenses.length} license keys.` : "This is your license key."}`;
}
