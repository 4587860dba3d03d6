import { NothingHere } from "#app/routes/admin/section.tsx";
import { Badge } from "#app/ui/badge.tsx";
import { Money } from "#app/ui/money.tsx";
import { Cell, Row, Table } from "#app/ui/table.tsx";

type Line = {
  id: string;
  description: string;
  quantity: number;
  amount: number | null;
  stripePriceId: string | null;
  mappedTo: string | null;
};

const columns = [
  { label: "What" },
  { label: "Gives" },
  { label: "Quantity", align: "right" },
  { label: "Amount", align: "right" },
] as const;

/** What was bought; a line nothing of ours is mapped to stands out, since it issued no license. */
export function OrderLines({ lines, currency }: { lines: readonly Line[]; currency: string | null }) {
  if (lines.length === 0) return <NothingHere>No lines are known yet.</NothingHere>;
  return (
    <Table caption="Lines of this order" columns={columns}>
      {lines.map((line) => (
        <Row key={line.id}>
          <Cell label="What">{line.description || line.stripePriceId || "–"}</Cell>
          <Cell label="Gives">{line.mappedTo ?? <Badge tone="warn">Not mapped to a plan</Badge>}</Cell>
          <Cell label="Quantity" align="right">
            {line.quantity}
          </Cell>
          <Cell label="Amount" align="right">
            {line.amount !== null && currency ? <Money amountMinor={line.amount} currency={currency} /> : "–"}
          </Cell>
        </Row>
      ))}
    </Table>
  );
}
