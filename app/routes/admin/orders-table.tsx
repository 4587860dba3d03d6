import { noCustomerWords, type OrderStatus } from "#app/domain/order/order.ts";
import { paths } from "#app/paths.ts";
import { OrderStatusBadge } from "#app/routes/admin/order-status-badge.tsx";
import { Money } from "#app/ui/money.tsx";
import { Cell, Row, Table } from "#app/ui/table.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { Time } from "#app/ui/time.tsx";

type ListedOrder = {
  id: string;
  number: number;
  origin: string;
  status: OrderStatus;
  email: string | null;
  customerId: string | null;
  amountTotal: number | null;
  currency: string | null;
  licenseCount: number;
  lines: { description: string; quantity: number }[];
  createdAt: string;
};

const columns = [
  { label: "Order" },
  { label: "Customer" },
  { label: "What" },
  { label: "Status" },
  { label: "Licenses", align: "right" },
  { label: "Amount", align: "right" },
  { label: "Placed" },
] as const;

type OrdersTableProps = {
  caption: string;
  orders: readonly ListedOrder[];
  /** On the page of one customer, whose name would stand in every row. */
  hideCustomer?: boolean;
};

export function OrdersTable({ caption, orders, hideCustomer = false }: OrdersTableProps) {
  const shown = hideCustomer ? columns.filter(({ label }) => label !== "Customer") : columns;
  return (
    <Table caption={caption} columns={shown}>
      {orders.map((order) => (
        <Row key={order.id}>
          <Cell label="Order">
            <TextLink to={paths.admin.order(order.id)} className="whitespace-nowrap">
              #{order.number}
            </TextLink>
          </Cell>
          {!hideCustomer && (
            <Cell label="Customer" breakable>
              {order.customerId ? (
                <TextLink to={paths.admin.customer(order.customerId)}>{order.email ?? "No address"}</TextLink>
              ) : (
                (order.email ?? noCustomerWords(order))
              )}
            </Cell>
          )}
          <Cell label="What">{itemsInWords(order.lines)}</Cell>
          <Cell label="Status">
            <OrderStatusBadge status={order.status} />
          </Cell>
          <Cell label="Licenses" align="right">
            {order.licenseCount}
          </Cell>
          <Cell label="Amount" align="right">
            <OrderAmount order={order} />
          </Cell>
          <Cell label="Placed">
            <Time at={order.createdAt} />
          </Cell>
        </Row>
      ))}
    </Table>
  );
}

export function OrderAmount({ order }: { order: Pick<ListedOrder, "amountTotal" | "currency"> }) {
  if (order.amountTotal === null || order.currency === null) return <>–</>;
  return <Money amountMinor={order.amountTotal} currency={order.currency} />;
}

function itemsInWords(lines: ListedOrder["lines"]): string {
  const words = lines.map(({ description, quantity }) =>
    quantity > 1 ? `${quantity} × ${description}` : description,
  );
  return words.join(", ") || "–";
}
