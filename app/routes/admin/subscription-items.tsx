import { priceWords } from "#app/domain/subscription/subscription-words.ts";
import type { ShownSubscription } from "#app/routes/admin/subscription-card.tsx";
import { Cell, Row, Table } from "#app/ui/table.tsx";
import { Time } from "#app/ui/time.tsx";

const columns = [
  { label: "Item" },
  { label: "Quantity", align: "right" },
  { label: "Price" },
  { label: "Period" },
] as const;

/** What a subscription consists of now, which may differ from what was ordered first. */
export function SubscriptionItems({ items }: { items: ShownSubscription["items"] }) {
  return (
    <Table caption="Items of the subscription" columns={columns}>
      {items.map((item) => (
        <Row key={item.id}>
          <Cell label="Item" breakable>
            {item.description || item.priceId}
            <code translate="no" className="block font-mono text-xs text-ink-muted">
              {item.id}
            </code>
          </Cell>
          <Cell label="Quantity" align="right">
            {item.quantity ?? "By usage"}
          </Cell>
          <Cell label="Price">{priceWords(item) ?? item.priceId}</Cell>
          <Cell label="Period">
            <Time at={item.periodStart} dateOnly /> to <Time at={item.periodEnd} dateOnly />
          </Cell>
        </Row>
      ))}
    </Table>
  );
}
