import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { listOrders } from "#app/domain/order/order.queries.server.ts";
import { orderStatuses, orderStatusLabels } from "#app/domain/order/order.ts";
import { parseQuery } from "#app/http/forms.server.ts";
import { requireStaff } from "#app/http/guards.server.ts";
import { paths } from "#app/paths.ts";
import { OrderListQuery } from "#app/routes/admin/list-queries.server.ts";
import { OrdersTable } from "#app/routes/admin/orders-table.tsx";
import { ButtonLink } from "#app/ui/button.tsx";
import { EmptyState } from "#app/ui/empty-state.tsx";
import { SelectField, TextField } from "#app/ui/field.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { Pager } from "#app/ui/pager.tsx";
import { FilterBar } from "#app/ui/search-form.tsx";

export const meta: MetaFunction = () => [{ title: "Orders · Latchkey" }];

export async function loader({ request }: LoaderFunctionArgs) {
  await requireStaff(request, "order.read");
  const query = parseQuery(request, OrderListQuery);
  const { q, status } = query;
  const page = await listOrders(query);
  return {
    filter: { q, status },
    orders: page.rows,
    previous: page.previous && paths.admin.orders({ q, status, before: page.previous }),
    next: page.next && paths.admin.orders({ q, status, after: page.next }),
  };
}

const statusOptions = [
  { value: "", label: "Any" },
  ...orderStatuses.map((value) => ({ value, label: orderStatusLabels[value] })),
];

export default function Orders() {
  const { orders, filter, previous, next } = useLoaderData<typeof loader>();
  const filtered = Boolean(filter.q || filter.status);
  return (
    <>
      <PageHeader title="Orders" lead="Every purchase, and the licenses that staff issued by hand." />
      <FilterBar
        label="Filter orders"
        clearTo={filtered ? paths.admin.orders() : undefined}
        key={JSON.stringify(filter)}
      >
        <TextField
          label="Number, address or ID"
          name="q"
          type="search"
          defaultValue={filter.q}
          maxLength={200}
          placeholder="#1001, name@example.com, cs_…, pi_…"
        />
        <SelectField
          label="Status"
          name="status"
          defaultValue={filter.status ?? ""}
          options={statusOptions}
        />
      </FilterBar>
      {orders.length === 0 ? (
        <NoOrders filtered={filtered} />
      ) : (
        <OrdersTable caption="Orders, the newest first" orders={orders} />
      )}
      <Pager previous={previous ?? undefined} next={next ?? undefined} label="Pages of orders" />
    </>
  );
}

function NoOrders({ filtered }: { filtered: boolean }) {
  if (!filtered)
    return <EmptyState title="No orders yet">The first checkout brings the first one.</EmptyState>;
  return (
    <EmptyState
      title="No order matches"
      action={
        <ButtonLink to={paths.admin.orders()} variant="secondary">
          Show all orders
        </ButtonLink>
      }
    >
      Try another status, just the order number, or a whole Stripe ID.
    </EmptyState>
  );
}
