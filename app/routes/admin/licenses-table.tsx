import type { LicenseStatus } from "#app/domain/license/assess-license.ts";
import { shortMaskedKey } from "#app/domain/license/license-key.ts";
import { paths } from "#app/paths.ts";
import { LicenseStatusBadge } from "#app/ui/license-status-badge.tsx";
import { Cell, type Column, Row, Table } from "#app/ui/table.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { Time } from "#app/ui/time.tsx";

type Sort = "created" | "ends" | "customer";
type ListedLicense = {
  id: string;
  maskedKey: string;
  productName: string;
  policyName: string;
  customer: { id: string; email: string } | null;
  status: LicenseStatus;
  validUntil: string | null;
  createdAt: string;
  devicesUsed: number;
  deviceLimit: number | null;
};

type LicensesTableProps = {
  licenses: readonly ListedLicense[];
  sort: Sort;
  direction: "asc" | "desc";
  sortHref: (by: Sort) => string;
  mayExtend: boolean;
};

/** The list of licenses of the admin area. */
export function LicensesTable({ licenses, sort, direction, sortHref, mayExtend }: LicensesTableProps) {
  const sorted = (by: Sort) => ({
    href: sortHref(by),
    direction:
      by !== sort ? undefined : direction === "asc" ? ("ascending" as const) : ("descending" as const),
  });
  const columns: Column[] = [
    { label: "Key" },
    { label: "Customer", sort: sorted("customer") },
    { label: "Product" },
    { label: "Status" },
    { label: "Ends", sort: sorted("ends") },
    { label: "Devices", align: "right" },
    { label: "Created", sort: sorted("created") },
  ];
  return (
    <Table caption="Licenses" columns={columns}>
      {licenses.map((license) => (
        <Row key={license.id}>
          <Cell label="Key">
            <TextLink
              to={paths.admin.license(license.id)}
              translate="no"
              className="font-mono whitespace-nowrap"
            >
              {shortMaskedKey(license.maskedKey)}
            </TextLink>
          </Cell>
          <Cell label="Customer" breakable>
            {license.customer ? (
              <TextLink to={paths.admin.customer(license.customer.id)}>{license.customer.email}</TextLink>
            ) : (
              <span className="text-ink-muted">Nobody</span>
            )}
          </Cell>
          <Cell label="Product">
            <div className="sm:min-w-28">
              {license.productName}
              <span className="block text-ink-muted">{license.policyName}</span>
            </div>
          </Cell>
          <Cell label="Status">
            <LicenseStatusBadge status={license.status} />
          </Cell>
          <Cell label="Ends">
            {license.validUntil ? <Time at={license.validUntil} dateOnly /> : "Never"}
            {mayExtend && license.validUntil && license.status !== "revoked" && (
              <TextLink
                to={paths.admin.license(license.id, { do: "extend" })}
                aria-label={`Extend ${shortMaskedKey(license.maskedKey)}`}
                className="block w-fit"
              >
                Extend
              </TextLink>
            )}
          </Cell>
          <Cell label="Devices" align="right">
            <span className="whitespace-nowrap">{deviceWords(license)}</span>
          </Cell>
          <Cell label="Created">
            <Time at={license.createdAt} dateOnly />
          </Cell>
        </Row>
      ))}
    </Table>
  );
}

function deviceWords({ devicesUsed, deviceLimit }: ListedLicense): string {
  return deviceLimit === null ? `${devicesUsed}, no limit` : `${devicesUsed} of ${deviceLimit}`;
}
