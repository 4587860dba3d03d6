import { Form, useNavigation } from "@remix-run/react";
import { allEntitlementWords } from "#app/domain/product/plan-words.ts";
import { paths } from "#app/paths.ts";
import { CopyableId } from "#app/routes/admin/copyable-id.tsx";
import type { ShownLicense } from "#app/routes/admin/shown-license.ts";
import { Button } from "#app/ui/button.tsx";
import { Card } from "#app/ui/card.tsx";
import { Fact, Facts } from "#app/ui/facts.tsx";
import { HiddenField } from "#app/ui/field.tsx";
import { LicenseKey } from "#app/ui/license-key.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { Time } from "#app/ui/time.tsx";

type LicenseFactsCardProps = {
  license: ShownLicense;
  mayReveal: boolean;
  /** The key in clear, after it was asked for. */
  revealed: string | undefined;
};

const revokers: Record<string, string> = { stripe: "Stripe", api: "a program" };

export function LicenseFactsCard({ license, mayReveal, revealed }: LicenseFactsCardProps) {
  const { customer, order } = license;
  const entitlements = allEntitlementWords(license.entitlements);
  return (
    <Card title="Facts">
      <Facts>
        <Fact label="Key">
          <KeyFact license={license} mayReveal={mayReveal} revealed={revealed} />
        </Fact>
        <Fact label={license.term === "subscription" ? "Term" : "Ends"}>
          <End license={license} />
          {!license.revokedAt && (
            <span className="block text-sm text-ink-muted">{license.worksUntilWords}</span>
          )}
        </Fact>
        <Until label="Paid until" at={license.paidUntil} />
        <Until label="Grace until" at={license.graceUntil} />
        <Until label="Extended until" at={license.extendedUntil} />
        <Fact label="Customer">
          {customer ? (
            <>
              <TextLink to={paths.admin.customer(customer.id)}>{customer.email}</TextLink>
              {customer.name && ` (${customer.name})`}
            </>
          ) : (
            "Nobody"
          )}
        </Fact>
        <Fact label="Order">
          {order ? <TextLink to={paths.admin.order(order.id)}>#{order.number}</TextLink> : "None"}
        </Fact>
        {license.renewals.length > 0 && (
          <Fact label="Renewed by">
            <Renewals renewals={license.renewals} />
          </Fact>
        )}
        <Fact label="Devices">
          {license.deviceLimit === null
            ? `${license.devicesUsed} used, no limit`
            : `${license.devicesUsed} of ${license.deviceLimit} used`}
        </Fact>
        <Fact label="Updates">
          {license.updatesUntil ? (
            <>
              Included until <Time at={license.updatesUntil} dateOnly />
            </>
          ) : (
            "All included"
          )}
        </Fact>
        {license.term === "subscription" && (
          <Fact label="Grace">{license.graceDays} days when a renewal fails</Fact>
        )}
        {license.seats > 1 && <Fact label="Seats">{license.seats}</Fact>}
        {entitlements.length > 0 && (
          <Fact label="Includes">
            <ul>
              {entitlements.map((words) => (
                <li key={words}>{words}</li>
              ))}
            </ul>
          </Fact>
        )}
        {license.revokedAt && (
          <Fact label="Revoked">
            <Time at={license.revokedAt} /> by {revokers[license.revokedBy ?? ""] ?? "staff"}
            {license.revokedReason && <span className="block text-ink-muted">{license.revokedReason}</span>}
          </Fact>
        )}
        <Fact label="Issued">
          <Time at={license.issuedAt} />
        </Fact>
        <Fact label="License ID">
          <CopyableId value={license.id} label="license ID" />
        </Fact>
        {license.sourceId && (
          <Fact label="ID at Stripe">
            <CopyableId value={license.sourceId} label="ID at Stripe" />
          </Fact>
        )}
      </Facts>
    </Card>
  );
}

function Until({ label, at }: { label: string; at: string | null }) {
  if (!at) return null;
  return (
    <Fact label={label}>
      <Time at={at} />
    </Fact>
  );
}

/** The end itself; a subscription's says what it means, as it moves with every payment. */
function End({ license }: { license: ShownLicense }) {
  const { validUntil } = license.assessment;
  if (license.term === "subscription" && !license.revokedAt) return <>{license.ends}</>;
  return validUntil ? <Time at={validUntil} dateOnly /> : <>Never</>;
}

/** The later purchases that prolonged it; what was taken back does not count. */
function Renewals({ renewals }: { renewals: ShownLicense["renewals"] }) {
  return (
    <ul>
      {renewals.map(({ id, order, days, paidAt, reversedAt }) => (
        <li key={id}>
          {order ? (
            <TextLink to={paths.admin.order(order.id)}>Order #{order.number}</TextLink>
          ) : (
            "An order elsewhere"
          )}
          , {days} days, <Time at={paidAt} dateOnly />
          {reversedAt && <span className="text-ink-muted"> (taken back, does not count)</span>}
        </li>
      ))}
    </ul>
  );
}

function KeyFact(props: Pick<LicenseFactsCardProps, "license" | "mayReveal" | "revealed">) {
  const { license, mayReveal, revealed } = props;
  const navigation = useNavigation();
  if (revealed) return <LicenseKey masked={license.maskedKey} full={revealed} revealed />;
  return (
    <div className="grid gap-2">
      <LicenseKey masked={license.maskedKey} />
      {mayReveal && (
        // Without the query, so that no dialog opens again around the answer.
        <Form method="post" action={paths.admin.license(license.id)} preventScrollReset>
          <HiddenField name="intent" value="reveal-key" />
          <Button
            variant="secondary"
            size="small"
            pending={navigation.formData?.get("intent") === "reveal-key"}
            aria-describedby="reveal-note"
          >
            Reveal key
          </Button>
          <span id="reveal-note" className="ml-3 text-sm text-ink-muted">
            Leaves an entry in the audit log
          </span>
        </Form>
      )}
    </div>
  );
}
