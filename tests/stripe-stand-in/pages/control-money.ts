import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import type { StoredCharge, StoredDispute, StoredRefund } from "#tests/stripe-stand-in/stored-types.ts";
import { actionButton, table } from "./control-parts.ts";
import { type Html, html, moment, money } from "./html.ts";

const SHOWN_ROWS = 50;

function latest<T>(rows: readonly T[]): T[] {
  return rows.slice(-SHOWN_ROWS).reverse();
}

/** What was charged, and the buttons that send money back or make a bank ask for it. */
export function chargesSection(standIn: StandIn): Html {
  const rows = latest(standIn.store.charges.all()).map((charge) => {
    const who = charge.billing_details.email ?? "–";
    return html`<tr><td>${moment(charge.created * 1000)}</td><td><code>${charge.id}</code></td>
<td>${money(charge.amount, charge.currency)}</td><td>${stateOf(charge)}</td><td>${who}</td><td>${chargeButtons(charge)}</td></tr>`;
  });
  const columns = ["Time", "Charge", "Amount", "Status", "Buyer", "Actions"];
  return table("charges", "Charges", columns, rows, "Nothing was charged yet.");
}

function stateOf(charge: StoredCharge): string {
  if (charge.refunded) return "refunded";
  const refunded = charge.amount_refunded === 0 ? "" : `, ${charge.amount_refunded} refunded`;
  return `${charge.status}${refunded}${charge.disputed ? ", disputed" : ""}`;
}

function chargeButtons({ id: charge, paid, refunded, amount, amount_refunded }: StoredCharge): Html[] {
  if (!paid) return [];
  const half = String(Math.max(1, Math.floor((amount - amount_refunded) / 2)));
  const refunds = refunded
    ? []
    : [
        actionButton("refund", { charge }, "Refund", charge),
        actionButton("refund", { charge, amount: half }, "Refund half", charge),
        actionButton("refund", { charge, outcome: "pending" }, "Refund, pending", charge),
      ];
  return [
    ...refunds,
    actionButton("dispute", { charge }, "Dispute", charge),
    actionButton("dispute", { charge, inquiry: "true" }, "Inquiry", charge),
    actionButton("fraud-warning", { charge }, "Fraud warning", charge),
  ];
}

export function refundsSection(standIn: StandIn): Html {
  const rows = latest(standIn.store.refunds.all()).map(
    (refund) => html`<tr><td>${moment(refund.created * 1000)}</td><td><code>${refund.id}</code></td>
<td><code>${String(refund.charge)}</code></td><td>${money(refund.amount, refund.currency)}</td>
<td>${refund.status ?? "–"}</td><td>${refundButtons(refund)}</td></tr>`,
  );
  const columns = ["Time", "Refund", "Charge", "Amount", "Status", "Actions"];
  return table("refunds", "Refunds", columns, rows, "No refund yet.");
}

function refundButtons({ id: refund, status }: StoredRefund): Html[] {
  const fail = actionButton("settle-refund", { refund, outcome: "failed" }, "Fails", refund);
  if (status === "succeeded") return [fail];
  if (status !== "pending" && status !== "requires_action") return [];
  return [
    actionButton("settle-refund", { refund, outcome: "succeeded" }, "Succeeds", refund),
    fail,
    actionButton("settle-refund", { refund, outcome: "canceled" }, "Is canceled", refund),
  ];
}

/** Where a dispute can go from each status. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  warning_needs_response: ["warning_under_review", "warning_closed", "needs_response", "prevented"],
  warning_under_review: ["warning_closed", "needs_response"],
  needs_response: ["under_review", "won", "lost"],
  under_review: ["won", "lost"],
  won: ["appeal_needs_response", "appeal_under_review"],
  lost: ["appeal_needs_response", "appeal_under_review"],
  appeal_needs_response: ["appeal_under_review", "won", "lost"],
  appeal_under_review: ["won", "lost"],
};

export function disputesSection(standIn: StandIn): Html {
  const rows = latest(standIn.store.disputes.all()).map(
    (dispute) => html`<tr><td>${moment(dispute.created * 1000)}</td><td><code>${dispute.id}</code></td>
<td><code>${String(dispute.charge)}</code></td><td>${money(dispute.amount, dispute.currency)}</td>
<td>${dispute.status}</td><td>${disputeButtons(dispute)}</td></tr>`,
  );
  const columns = ["Time", "Dispute", "Charge", "Amount", "Status", "Actions"];
  return table("disputes", "Disputes", columns, rows, "No dispute yet.");
}

function disputeButtons({ id: dispute, status }: StoredDispute): Html[] {
  return (NEXT[status] ?? []).map((next) =>
    actionButton("move-dispute", { dispute, status: next }, next.replaceAll("_", " "), dispute),
  );
}
