import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { getCustomerForStaff } from "#app/domain/customer/customer.queries.server.ts";
import { listOrders } from "#app/domain/order/order.queries.server.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import { requireStaff } from "#app/http/guards.server.ts";
import { notFound } from "#app/http/respond.server.ts";
import { paths } from "#app/paths.ts";
import { CustomerFacts } from "#app/routes/admin/customer-facts.tsx";
import { EmailsTable } from "#app/routes/admin/emails-table.tsx";
import { OrdersTable } from "#app/routes/admin/orders-table.tsx";
import { NothingHere, Section } from "#app/routes/admin/section.tsx";
import { ShortLicenseTable } from "#app/routes/admin/short-license-table.tsx";
import { ButtonLink } from "#app/ui/button.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { TextLink } from "#app/ui/text-link.tsx";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data ? data.customer.email : "Customer"} · Latchkey` },
];

export async function loader({ request, params }: LoaderFunctionArgs) {
  const staff = await requireStaff(request, "customer.read");
  const customer = await getCustomerForStaff({ customerId: params.customerId ?? "", now: currentTime() });
  if (!customer) throw notFound("customer");
  const orders = await listOrders({ q: customer.id, limit: 50 });
  return { customer, orders: orders.rows, mayIssue: staff.may("license.issue") };
}

export default function Customer() {
  const { customer, orders, mayIssue } = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader
        title={customer.email}
        lead={customer.name ?? undefined}
        back={{ to: paths.admin.customers(), label: "Customers" }}
        actions={
          mayIssue && (
            <ButtonLink to={paths.admin.newLicense({ email: customer.email })} variant="secondary">
              Issue a license
            </ButtonLink>
          )
        }
      />
      <div className="grid gap-8">
        <CustomerFacts customer={customer} />
        <Section
          title="Licenses"
          actions={
            <More
              shown={customer.licenses.length}
              of={customer.licenseCount}
              to={paths.admin.licenses({ q: customer.email })}
            />
          }
        >
          {customer.licenses.length === 0 ? (
            <NothingHere>No licenses.</NothingHere>
          ) : (
            <ShortLicenseTable
              caption="Licenses of this customer, the newest first"
              licenses={customer.licenses}
            />
          )}
        </Section>
        <Section
          title="Orders"
          actions={
            <More
              shown={orders.length}
              of={customer.orderCount}
              to={paths.admin.orders({ q: customer.id })}
            />
          }
        >
          {orders.length === 0 ? (
            <NothingHere>No orders.</NothingHere>
          ) : (
            <OrdersTable hideCustomer caption="Orders of this customer, the newest first" orders={orders} />
          )}
        </Section>
        <Section title="Emails">
          {customer.emails.length === 0 ? (
            <NothingHere>No emails.</NothingHere>
          ) : (
            <EmailsTable caption="Emails to this customer, the newest first" emails={customer.emails} />
          )}
        </Section>
      </div>
    </>
  );
}

function More({ shown, of, to }: { shown: number; of: number; to: string }) {
  if (shown >= of) return null;
  return <TextLink to={to}>Show all {of}</TextLink>;
}
