import { pool } from "#app/infra/db.server.ts";

/** Where a license came from, in the numbers that programs expect. */
export type LicenseSale = {
  /** null = no order stands behind it */
  orderNumber: number | null;
  /** The line of that order that sold it. */
  lineNumber: number | null;
  /** Whether it was bought in Stripe's test mode; one that was given away is as good as a bought one. */
  isTest: boolean;
  customer: { id: string; number: number; email: string; name: string | null } | null;
};

type Row = {
  order_number: number | null;
  line_number: number | null;
  is_test: boolean | null;
  customer_id: string | null;
  customer_number: number | null;
  email: string | null;
  name: string | null;
};

/** A line of the same policy comes first: an order may have lines that gave no license. */
const byLicense = `
SELECT o.number AS order_number,
  (o.stripe_session_id IS NOT NULL OR o.stripe_subscription_id IS NOT NULL) AND NOT o.livemode AS is_test,
  (SELECT n.number FROM order_line n WHERE n.order_id = o.id
   ORDER BY n.policy_id IS NOT DISTINCT FROM l.policy_id DESC, n.number LIMIT 1) AS line_number,
  c.id AS customer_id, c.number AS customer_number, c.email, c.name
FROM license l LEFT JOIN "order" o ON o.id = l.order_id LEFT JOIN customer c ON c.id = l.customer_id
WHERE l.id = $1`;

/** Read in one prepared statement; an unknown license has no sale. */
export async function readLicenseSale(licenseId: string): Promise<LicenseSale> {
  const { rows } = await pool().query<Row>({
    name: "read-license-sale",
    text: byLicense,
    values: [licenseId],
  });
  const row = rows[0];
  const customer =
    row && row.customer_id !== null && row.customer_number !== null && row.email !== null
      ? { id: row.customer_id, number: row.customer_number, email: row.email, name: row.name }
      : null;
  return {
    orderNumber: row?.order_number ?? null,
    lineNumber: row?.line_number ?? null,
    isTest: row?.is_test ?? false,
    customer,
  };
}
