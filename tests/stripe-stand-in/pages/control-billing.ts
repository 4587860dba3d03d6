import { behaviourOf, methodFor } from "#tests/stripe-stand-in/billing/cards.ts";
import { billingSettings } from "#tests/stripe-stand-in/billing/settings.ts";
import { endsAt, hasEnded } from "#tests/stripe-stand-in/billing-portal/portal-facts.ts";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { isLive } from "#tests/stripe-stand-in/resources/customers.ts";
import type { StoredInvoice, StoredSubscription } from "#tests/stripe-stand-in/stored-types.ts";
import { CARD_BEHAVIOURS } from "#tests/stripe-stand-in/stored-types.ts";
import { actionButton, options, table } from "./control-parts.ts";
import { type Html, html, moment, money } from "./html.ts";

const SHOWN_ROWS = 50;
const DUNNING_ENDS = ["past_due", "unpaid", "canceled", "paused"] as const;

/** Every subscription with what happens to it next, and what its customer's card does when it is charged. */
export function subscriptionsSection(standIn: StandIn): Html {
  const rows = standIn.store.subscriptions
    .all()
    .slice(-SHOWN_ROWS)
    .reverse()
    .map((subscription) => subscriptionRow(standIn, subscription));
  const columns = ["Subscription", "Customer", "Status", "Items", "Next", "Card", "Actions"];
  return html`${table("subscriptions", "Subscriptions", columns, rows, "No subscription yet.")}
${dunningForm(standIn)}`;
}

function subscriptionRow(standIn: StandIn, subscription: StoredSubscription): Html {
  const { id, customer, status } = subscription;
  const items = subscription.items.data.map(
    ({ price, quantity, current_period_end: end }) => html`<div>${quantity ?? 1} ×
${standIn.store.products.get(price.product)?.name ?? price.id}, ${money(price.unit_amount, price.currency)},
period until ${moment(end * 1000)}</div>`,
  );
  const end = hasEnded(subscription) ? null : endsAt(subscription);
  const ends = end === null ? null : html`<br>ends ${moment(end * 1000)}`;
  return html`<tr><td><code>${id}</code></td><td>${emailOf(standIn, String(customer))}<br><code>${String(customer)}</code></td>
<td>${status}${ends}</td><td>${items}</td><td>${nextOf(standIn, id)}</td>
<td>${hasEnded(subscription) ? null : cardForm(standIn, subscription)}</td><td>${subscriptionButtons(subscription)}</td></tr>`;
}

function emailOf(standIn: StandIn, id: string): string {
  const customer = standIn.store.customers.get(id);
  return customer !== undefined && isLive(customer) ? (customer.email ?? "–") : "deleted";
}

/** What happens by itself to a subscription or an invoice, soonest first. */
function nextOf(standIn: StandIn, id: string): Html[] {
  const timers = standIn.store.timers.where("subject", id).sort((a, b) => a.at - b.at);
  if (timers.length === 0) return [html`–`];
  return timers.map(({ kind, at }) => html`<div>${kind.replaceAll("_", " ")}<br>${moment(at)}</div>`);
}

function cardForm(standIn: StandIn, subscription: StoredSubscription): Html {
  const customer = String(subscription.customer);
  const method = methodFor(standIn, subscription, customer);
  const now = method === null ? undefined : behaviourOf(standIn, method);
  const behaviours = CARD_BEHAVIOURS.map((each) => [each, each.replaceAll("_", " ")] as const);
  return html`<form method="post" action="/control/set-card"><input type="hidden" name="customer" value="${customer}">
<select name="behaviour" aria-label="What the card of ${subscription.id} does">${options(behaviours, now)}</select><button>Set card</button></form>`;
}

function subscriptionButtons(subscription: StoredSubscription): Html[] {
  if (hasEnded(subscription)) return [];
  const { id } = subscription;
  const toggle =
    endsAt(subscription) === null
      ? actionButton("cancel-subscription", { subscription: id }, "Cancel at period end", id)
      : actionButton("keep-subscription", { subscription: id }, "Keep", id);
  return [toggle, actionButton("cancel-subscription", { subscription: id, now: "true" }, "Cancel now", id)];
}

function dunningForm(standIn: StandIn): Html {
  const ends = DUNNING_ENDS.map((each) => [each, each.replaceAll("_", " ")] as const);
  return html`<div class="toolbar"><form method="post" action="/control/billing"><label>When the last attempt to charge fails, subscriptions become
<select name="dunningEnd">${options(ends, billingSettings(standIn).dunningEnd)}</select></label><button>Set</button></form></div>`;
}

export function invoicesSection(standIn: StandIn): Html {
  const rows = standIn.store.invoices
    .all()
    .slice(-SHOWN_ROWS)
    .reverse()
    .map((invoice) => invoiceRow(standIn, invoice));
  const columns = ["Created", "Invoice", "Subscription", "Total", "Status", "Next", "Actions"];
  return table("invoices", "Invoices", columns, rows, "No invoice yet.");
}

function invoiceRow(standIn: StandIn, invoice: StoredInvoice): Html {
  const { id, created, total, currency, status, parent, attempt_count: attempts } = invoice;
  const subscription = parent?.subscription_details?.subscription;
  const tried = attempts === 0 ? null : html`<br>tried ${attempts} ×`;
  return html`<tr><td>${moment(created * 1000)}</td><td><code>${id}</code><br>${invoice.billing_reason ?? ""}</td>
<td><code>${subscription === undefined ? "–" : String(subscription)}</code></td><td>${money(total, currency)}</td>
<td>${status}${tried}</td><td>${nextOf(standIn, id)}</td><td>${invoiceButtons(invoice)}</td></tr>`;
}

function invoiceButtons({ id: invoice, status }: StoredInvoice): Html[] {
  const act = (does: string, label: string) => actionButton("invoice", { invoice, does }, label, invoice);
  if (status === "draft") return [act("finalize", "Finalize")];
  if (status === "uncollectible") return [act("pay", "Pay"), act("void", "Void")];
  if (status !== "open") return [];
  return [
    act("pay", "Pay"),
    act("approve_action", "Confirm at the bank"),
    act("pay_out_of_band", "Paid elsewhere"),
    act("void", "Void"),
    act("mark_uncollectible", "Uncollectible"),
  ];
}
