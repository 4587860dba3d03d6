import type { Json } from "#app/domain/product/catalog.ts";
import { entitlementWords } from "#app/domain/product/plan-words.ts";
import { Card } from "#app/ui/card.tsx";
import { Fact, Facts } from "#app/ui/facts.tsx";
import { Time } from "#app/ui/time.tsx";
import { deviceUse } from "./license-card.tsx";

type LicenseDetailsProps = {
  license: {
    ends: string;
    devicesUsed: number;
    deviceLimit: number | null;
    seats: number;
    updatesUntil: string | null;
    entitlements: Record<string, Json>;
    issuedAt: string;
    orderNumber: number | null;
  };
};

/** What the owner of a license has: the terms it was sold under and how much of them is used. */
export function LicenseDetails({ license }: LicenseDetailsProps) {
  const entitlements = entitlementWords(license.entitlements);
  return (
    <Card title="Details">
      <Facts>
        <Fact label="Term">{license.ends}</Fact>
        <Fact label="Devices">
          {deviceUse(license)}
          {license.seats > 1 && `, for ${license.seats} units`}
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
        {entitlements.length > 0 && (
          <Fact label="Includes">
            <ul>
              {entitlements.map((entitlement) => (
                <li key={entitlement}>{entitlement}</li>
              ))}
            </ul>
          </Fact>
        )}
        <Fact label="Issued">
          <Time at={license.issuedAt} dateOnly />
        </Fact>
        {license.orderNumber !== null && <Fact label="Order">#{license.orderNumber}</Fact>}
      </Facts>
    </Card>
  );
}
