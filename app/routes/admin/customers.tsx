import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { listCustomers } from "#app/domain/customer/customer.queries.server.ts";
import { parseQuery } from "#app/http/forms.server.ts";
import { requireStaff } from "#app/http/guards.server.ts";
import { paths } from "#app/paths.ts";
import { CustomerListQuery } from "#app/routes/admin/list-queries.server.ts";
import { ButtonLink } from "#app/ui/button.tsx";
import { EmptyState } from "#app/ui/empty-state.tsx";
import { TextField } from "#app/ui/field.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { Pager } from "#app/ui/pager.tsx";
import { FilterBar } from "#app/ui/search-form.tsx";
import { Cell, Row, Table } from "#app/ui/table.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { Time } from "#app/ui/time.tsx";

export const meta: MetaFunction = () => [{ title: "Customers · Latchkey" }];

export async function loader({ request }: LoaderFunctionArgs) {
  await requireStaff(request, "customer.read");
  const query = parseQuery(request, CustomerListQuery);
  const page = await listCustomers(query);
  return {
    q: query.q ?? "",
    customers: page.rows,
    previous: page.previous && paths.admin.customers({ q: query.q, before: page.previous }),
    next: page.next && paths.admin.customers({ q: query.q, after: page.next }),
  };
}

const columns = [
  { label: "Customer" },
  { label: "Name" },
  { label: "Licenses", align: "right" },
  { label: "Orders", align: "right" },
  { label: "Since" },
] as const;

export default function Customers() {
  const { customers, q, previous, next } = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader title="Customers" lead="Everybody who bought something or signed in." />
      <FilterBar label="Search customers" clearTo={q ? paths.admin.customers() : undefined} key={q}>
        <TextField
          label="Address, name or ID"
          name="q"
          type="search"
          defaultValue={q}
          maxLength={200}
          placeholder="name@example.com, cus_…"
        />
      </FilterBar>
      {customers.length === 0 ? (
        <NoCustomers searched={q !== ""} />
      ) : (
        <Table caption="Customers, the newest first" columns={columns}>
          {customers.map((customer) => (
            <Row key={customer.id}>
              <Cell label="Customer">
                <TextLink to={paths.admin.customer(customer.id)}>{customer.email}</TextLink>
              </Cell>
              <Cell label="Name">{customer.name ?? "–"}</Cell>
              <Cell label="Licenses" align="right">
                {customer.licenses}
              </Cell>
              <Cell label="Orders" align="right">
                {customer.orders}
              </Cell>
              <Cell label="Since">
                <Time at={customer.createdAt} dateOnly />
              </Cell>
            </Row>
          ))}
        </Table>
      )}
      <Pager previous={previous ?? undefined} next={next ?? undefined} label="Pages of customers" />
    </>
  );
}

function NoCustomers({ searched }: { searched: boolean }) {
  if (!searched)
    return (
      <EmptyState title="No customers yet">The first purchase or sign-in brings the first one.</EmptyState>
    );
  return (
    <EmptyState
      title="No customer matches"
      action={
        <ButtonLink to={paths.admin.customers()} variant="secondary">
          Show all customers
        </ButtonLink>
      }
    >
      Try part of the address, or paste an id.
    </EmptyState>
  );
}
