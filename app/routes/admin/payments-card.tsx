import type { SerializeFrom } from "@remix-run/node";
import type { ReactNode } from "react";
import {
  disputeStatusWords,
  inPlainWords,
  needsAnswer,
  refundStatusWords,
} from "#app/domain/payment/payment-words.ts";
import type { OrderAtStripe } from "#app/domain/subscription/subscription.queries.server.ts";
import { CopyableId } from "#app/routes/admin/copyable-id.tsx";
import { Badge } from "#app/ui/badge.tsx";
import { Card } from "#app/ui/card.tsx";
import { Money } from "#app/ui/money.tsx";
import { Time } from "#app/ui/time.tsx";

export type ShownPayment = SerializeFrom<OrderAtStripe["payments"][number]>;

/** What was collected for an order and what took it back, payment by payment. */
export function PaymentsCard({ payments }: { payments: readonly ShownPayment[] }) {
  if (payments.length === 0) return null;
  return (
    <Card title="Payments">
      <ul className="grid divide-y divide-line">
        {payments.map((payment) => (
          <li key={payment.id} className="grid gap-2 not-first:pt-5 not-last:pb-5">
            <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <strong>
                <Money amountMinor={payment.amount} currency={payment.currency} />
              </strong>
              {payment.invoice && <span className="text-ink-muted">for invoice {payment.invoice}</span>}
              <CopyableId value={payment.id} label="payment ID" />
            </p>
            <TakenBack payment={payment} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** Refunds, disputes and warnings of one payment, each with what it asks of staff. */
function TakenBack({ payment }: { payment: ShownPayment }) {
  const { refunds, disputes, fraudWarnings, currency } = payment;
  if (refunds.length + disputes.length + fraudWarnings.length === 0) return null;
  return (
    <ul className="grid gap-3 text-[0.9375rem] leading-6">
      {refunds.map((refund) => (
        <Entry key={refund.id} title="Refund" id={refund.id} at={refund.created}>
          <Money amountMinor={refund.amount} currency={currency} />{" "}
          <Badge tone={refund.status === "failed" ? "bad" : "neutral"}>
            {refundStatusWords(refund.status)}
          </Badge>
        </Entry>
      ))}
      {disputes.map((dispute) => (
        <Entry key={dispute.id} title="Dispute" id={dispute.id} at={dispute.created}>
          <Money amountMinor={dispute.amount} currency={currency} />{" "}
          <Badge tone={dispute.status === "won" ? "good" : dispute.status === "lost" ? "bad" : "warn"}>
            {disputeStatusWords(dispute.status)}
          </Badge>{" "}
          {inPlainWords(dispute.reason)}
          {dispute.evidenceDueBy && needsAnswer(dispute.status) && (
            <span className="block font-medium">
              Answer before <Time at={dispute.evidenceDueBy} />
            </span>
          )}
        </Entry>
      ))}
      {fraudWarnings.map((warning) => (
        <Entry key={warning.id} title="Fraud warning" id={warning.id} at={warning.created}>
          <Badge tone={warning.actionable ? "warn" : "neutral"}>
            {warning.actionable ? "Needs a decision" : "Settled"}
          </Badge>{" "}
          {inPlainWords(warning.fraudType)}
        </Entry>
      ))}
    </ul>
  );
}

type EntryProps = { title: string; id: string; at: string; children: ReactNode };

function Entry({ title, id, at, children }: EntryProps) {
  return (
    <li className="border-l-2 border-line-strong pl-3">
      <p>
        {title}: {children}
      </p>
      <p className="text-sm text-ink-muted">
        <code translate="no" className="font-mono wrap-anywhere">
          {id}
        </code>{" "}
        · <Time at={at} />
      </p>
    </li>
  );
}
