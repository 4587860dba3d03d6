import { planName } from "#app/domain/product/plan-words.ts";
import { paths } from "#app/paths.ts";
import { Card } from "#app/ui/card.tsx";
import { LicenseKey } from "#app/ui/license-key.tsx";
import { LicenseStatusBadge } from "#app/ui/license-status-badge.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { deviceUse, type ShownLicense } from "./license-card.tsx";

/** What the list says of a subscription. */
export type ShownSubscription = {
  next: string;
  notice: { title: string } | null;
};

type SubscriptionCardProps = {
  /** At least one; of one plan unless the subscription has several items. */
  licenses: readonly ShownLicense[];
  /** Null until Stripe has told us of it. */
  subscription: ShownSubscription | null;
  headingLevel: 2 | 3;
};

/** The keys of one subscription together: what happens next is said once, each key keeps its own state. */
export function SubscriptionCard({ licenses, subscription, headingLevel }: SubscriptionCardProps) {
  const plans = [...new Set(licenses.map((license) => planName(license.productName, license.policyName)))];
  const seats = licenses.filter(({ released, status }) => !released && status !== "revoked").length;
  return (
    <Card title={plans.join(", ")} headingLevel={headingLevel}>
      <div className="grid gap-4">
        <p className="text-[0.9375rem] text-ink-muted">
          {seats === 1 ? "1 seat" : `${seats} seats`}
          {subscription && ` · ${subscription.next}`}
        </p>
        {subscription?.notice && <p className="text-[0.9375rem] font-medium">{subscription.notice.title}</p>}
        <ol className="grid gap-4">
          {licenses.map((license, index) => (
            <li key={license.id} className="grid gap-2 border-t border-line pt-4">
              <p className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 text-[0.9375rem]">
                <span className="flex flex-wrap items-center gap-2">
                  Key {index + 1}
                  <LicenseStatusBadge status={license.status} />
                  {license.released && <span className="text-ink-muted">waits for a seat</span>}
                </span>
                <span className="flex flex-wrap items-baseline gap-x-4">
                  {deviceUse(license)}
                  <TextLink to={paths.portal.license(license.id)} className="inline-block min-h-6 py-0.5">
                    Details<span className="sr-only"> of key {index + 1}</span>
                  </TextLink>
                </span>
              </p>
              <LicenseKey masked={license.maskedKey} full={license.key ?? undefined} />
            </li>
          ))}
        </ol>
      </div>
    </Card>
  );
}
