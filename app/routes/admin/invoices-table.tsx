import { billingReasonWords, invoiceStatusWords } from "#app/domain/subscription/subscription-words.ts";
import { NothingHere } from "#app/routes/admin/section.tsx";
import type { ShownSubscription } from "#app/routes/admin/subscription-card.tsx";
import { Badge, type BadgeTone } from "#app/ui/badge.tsx";
import { Money } from "#app/ui/money.tsx";
import { Cell, Row, Table } from "#app/ui/table.tsx";
import { Time } from "#app/ui/time.tsx";

type Invoice = ShownSubscription["invoices"][number];

const columns = [
  { label: "Invoice" },
  { label: "For" },
  { label: "Status" },
  { label: "Tries", align: "right" },
  { label: "Total", align: "right" },
  { label: "When" },
] as const;

/** The invoices known of a subscription, the newest first; Stripe has the older ones. */
export function InvoicesTable({ invoices }: { invoices: readonly Invoice[] }) {
  if (invoices.length === 0) return <NothingHere>No invoices are known yet.</NothingHere>;
  return (
    <Table caption="Latest invoices, the newest first" columns={columns}>
      {invoices.map((invoice) => (
        <Row key={invoice.id}>
          <Cell label="Invoice" breakable>
            {invoice.number ?? "No number yet"}
            <code translate="no" className="block font-mono text-xs text-ink-muted">
              {invoice.id}
            </code>
          </Cell>
          <Cell label="For">{billingReasonWords(invoice.billingReason)}</Cell>
          <Cell label="Status">
            <InvoiceStatus invoice={invoice} />
          </Cell>
          <Cell label="Tries" align="right">
            {invoice.attemptCount}
          </Cell>
          <Cell label="Total" align="right">
            <Money amountMinor={invoice.total} currency={invoice.currency} />
          </Cell>
          <Cell label="When">
            <When invoice={invoice} />
          </Cell>
        </Row>
      ))}
    </Table>
  );
}

const tones: Record<string, BadgeTone> = { paid: "good", open: "warn", uncollectible: "bad" };

function InvoiceStatus({ invoice }: { invoice: Invoice }) {
  return (
    <>
      <Badge tone={tones[invoice.status] ?? "neutral"}>{invoiceStatusWords(invoice.status)}</Badge>
      {invoice.requiresAction && (
        <p className="mt-1 text-xs text-ink-muted">The customer has to confirm the payment</p>
      )}
      {invoice.finalizationError && (
        <p className="mt-1 text-xs text-ink-muted">{invoice.finalizationError}</p>
      )}
    </>
  );
}

/** When it was paid, else what is next, else when it was made. */
function When({ invoice }: { invoice: Invoice }) {
  if (invoice.paidAt)
    return (
      <>
        Paid <Time at={invoice.paidAt} />
      </>
    );
  if (invoice.status === "open" && invoice.nextPaymentAttempt)
    return (
      <>
        Next try <Time at={invoice.nextPaymentAttempt} />
      </>
    );
  if (invoice.status === "open" && invoice.dueDate)
    return (
      <>
        Due <Time at={invoice.dueDate} dateOnly />
      </>
    );
  return (
    <>
      Made <Time at={invoice.created} />
    </>
  );
}
