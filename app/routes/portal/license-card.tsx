import type { LicenseStatus } from "#app/domain/license/assess-license.ts";
import { licenseWords } from "#app/domain/license/license-words.ts";
import { planName } from "#app/domain/product/plan-words.ts";
import { paths } from "#app/paths.ts";
import { Card } from "#app/ui/card.tsx";
import { LicenseKey } from "#app/ui/license-key.tsx";
import { LicenseStatusBadge } from "#app/ui/license-status-badge.tsx";
import { TextLink } from "#app/ui/text-link.tsx";

export type ShownLicense = {
  id: string;
  productName: string;
  policyName: string;
  maskedKey: string;
  key: string | null;
  status: LicenseStatus;
  ends: string;
  devicesUsed: number;
  deviceLimit: number | null;
  released: boolean;
  subscriptionId: string | null;
};

type LicenseCardProps = {
  license: ShownLicense;
  /** What happens next to the subscription that pays for it, if one does. */
  next: string | null;
  headingLevel: 2 | 3;
};

/** One license in the list: what it is, whether it is good, its key, and the way to the rest. */
export function LicenseCard({ license, next, headingLevel }: LicenseCardProps) {
  const name = planName(license.productName, license.policyName);
  return (
    <Card title={name} headingLevel={headingLevel} actions={<LicenseStatusBadge status={license.status} />}>
      <div className="grid gap-4">
        <p className="text-[0.9375rem] text-ink-muted">{licenseWords(license.status).meaning}</p>
        <LicenseKey masked={license.maskedKey} full={license.key ?? undefined} />
        <p className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-2 text-[0.9375rem]">
          <span>
            {next ?? license.ends} · {deviceUse(license)}
          </span>
          <TextLink to={paths.portal.license(license.id)} className="inline-block min-h-6 py-0.5">
            Details<span className="sr-only"> of {name}</span>
          </TextLink>
        </p>
      </div>
    </Card>
  );
}

/** "0 of 3 devices". */
export function deviceUse({
  devicesUsed,
  deviceLimit,
}: Pick<ShownLicense, "devicesUsed" | "deviceLimit">): string {
  if (deviceLimit === null) return devicesUsed === 1 ? "1 device" : `${devicesUsed} devices`;
  return `${devicesUsed} of ${deviceLimit} ${deviceLimit === 1 ? "device" : "devices"}`;
}
