import type { LicenseStatus } from "#app/domain/license/assess-license.ts";
import { shortMaskedKey } from "#app/domain/license/license-key.ts";
import { planName } from "#app/domain/product/plan-words.ts";
import { paths } from "#app/paths.ts";
import { LicenseStatusBadge } from "#app/ui/license-status-badge.tsx";
import { Cell, Row, Table } from "#app/ui/table.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { Time } from "#app/ui/time.tsx";

type ListedLicense = {
  id: string;
  maskedKey: string;
  productName: string;
  policyName: string;
  status: LicenseStatus;
  validUntil: string | null;
};

const columns = [{ label: "Key" }, { label: "Product" }, { label: "Status" }, { label: "Ends" }] as const;

/** Some licenses, as the pages of a customer and of an order show them. */
export function ShortLicenseTable({
  caption,
  licenses,
}: {
  caption: string;
  licenses: readonly ListedLicense[];
}) {
  return (
    <Table caption={caption} columns={columns}>
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
          <Cell label="Product">{planName(license.productName, license.policyName)}</Cell>
          <Cell label="Status">
            <LicenseStatusBadge status={license.status} />
          </Cell>
          <Cell label="Ends">{license.validUntil ? <Time at={license.validUntil} dateOnly /> : "Never"}</Cell>
        </Row>
      ))}
    </Table>
  );
}
