import {
  alternativesTo,
  endsAt,
  hasEnded,
  type PortalInvoice,
  type PortalPrice,
  type PortalSubscription,
} from "#tests/stripe-stand-in/billing-portal/portal-facts.ts";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { options } from "./control-parts.ts";
import { type Html, html, moment, money } from "./html.ts";

/** A form of the portal: its button says what it does, `about` says to what for those who hear it out of its place. */
export function portalForm(
  action: string,
  act: string,
  fields: Record<string, string>,
  inner: Html | null,
  label: string,
  about?: string,
): Html {
  const hidden = Object.entries({ act, ...fields }).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  const spoken = about === undefined ? null : html` aria-label="${label}: ${about}"`;
  return html`<form method="post" action="${action}">${hidden}${inner}<button${spoken}>${label}</button></form>`;
}

export function planName(
  standIn: StandIn,
  { product, recurring, currency, unit_amount }: PortalPrice,
): string {
  const name = standIn.store.products.get(product)?.name ?? product;
  const count = recurring?.interval_count ?? 1;
  const every = count === 1 ? recurring?.interval : `${count} ${recurring?.interval}s`;
  return `${name}, ${money(unit_amount, currency)} per ${every ?? "piece"}`;
}

function stateOf(subscription: PortalSubscription): Html {
  const end = endsAt(subscription);
  if (hasEnded(subscription)) return html`Ended`;
  if (end !== null) return html`${subscription.status}, ends on ${moment(end * 1000)}`;
  const [item] = subscription.items.data;
  const renews = item === undefined ? null : html`, renews on ${moment(item.current_period_end * 1000)}`;
  return html`${subscription.status}${subscription.status === "paused" ? null : renews}`;
}

/** One subscription with the acts that `mayDo` allows. */
export function subscriptionCard(
  standIn: StandIn,
  action: string,
  subscription: PortalSubscription,
  mayDo: (act: "cancel" | "change" | "pause") => boolean,
  isFlow: boolean,
): Html {
  const { id } = subscription;
  const plans = subscription.items.data.map(
    ({ price, quantity }) =>
      html`<li>${planName(standIn, price)}<small>Quantity ${quantity ?? 1}</small></li>`,
  );
  const buttons: Html[] = [];
  if (!hasEnded(subscription)) {
    if (mayDo("change")) buttons.push(...changeForms(standIn, action, subscription));
    const others = mayDo("cancel") ? cancelForms(action, subscription, isFlow) : [];
    if (mayDo("pause")) others.push(pauseForm(action, subscription));
    buttons.push(html`<div class="buttons">${others}</div>`);
  }
  return html`<section class="card" aria-label="Subscription ${id}"><h2>Subscription</h2>
<p><code>${id}</code><br>${stateOf(subscription)}</p><ul>${plans}</ul>${buttons}</section>`;
}

function cancelForms(action: string, subscription: PortalSubscription, isFlow: boolean): Html[] {
  const fields = { subscription: subscription.id };
  const about = subscription.id;
  const isEnding = endsAt(subscription) !== null;
  const first =
    isEnding && !isFlow
      ? portalForm(action, "keep", fields, null, "Keep the subscription", about)
      : portalForm(action, "cancel", fields, null, "Cancel at the end of the period", about);
  return isFlow ? [first] : [first, portalForm(action, "cancel-now", fields, null, "Cancel now", about)];
}

function pauseForm(action: string, subscription: PortalSubscription): Html {
  const fields = { subscription: subscription.id };
  return subscription.status === "paused"
    ? portalForm(action, "resume", fields, null, "Resume", subscription.id)
    : portalForm(action, "pause", fields, null, "Pause", subscription.id);
}

function changeForms(standIn: StandIn, action: string, subscription: PortalSubscription): Html[] {
  return subscription.items.data.flatMap(({ id: item, price, quantity }) => {
    const fields = { subscription: subscription.id, item };
    const count = html`<label>Quantity <input type="number" name="quantity" value="${quantity ?? 1}" min="1" max="999" required></label>`;
    const forms = [portalForm(action, "change", fields, count, "Change quantity", item)];
    const others = alternativesTo(standIn, price).map(
      (other) => [other.id, planName(standIn, other)] as const,
    );
    if (others.length === 0) return forms;
    const plan = html`<label>Plan <select name="price">${options(others)}</select></label>`;
    return [...forms, portalForm(action, "change", fields, plan, "Change plan", item)];
  });
}

const CARDS = [
  ["ok", "Card 4242 4242 4242 4242, succeeds"],
  ["declines", "Card 4000 0000 0000 0341, is declined when charged"],
] as const;

export function paymentMethodCard(action: string): Html {
  const choice = html`<label>New card <select name="card">${options(CARDS)}</select></label>`;
  return html`<section class="card" aria-labelledby="method"><h2 id="method">Payment method</h2>
${portalForm(action, "card", {}, choice, "Update card")}</section>`;
}

export function emailCard(action: string, email: string): Html {
  const field = html`<label>Email <input type="email" name="email" value="${email}" autocomplete="email" required></label>`;
  return html`<section class="card" aria-labelledby="information"><h2 id="information">Billing information</h2>
${portalForm(action, "email", {}, field, "Update email")}</section>`;
}

export function invoicesCard(action: string, invoices: readonly PortalInvoice[]): Html {
  const rows = invoices.map(({ id, number, created, status, total, currency }) => {
    const pay = status === "open" ? portalForm(action, "pay", { invoice: id }, null, "Pay", id) : null;
    return html`<tr><td>${moment(created * 1000)}</td><td>${number ?? id}</td><td>${money(total, currency)}</td><td>${status ?? "–"}</td><td>${pay}</td></tr>`;
  });
  const body =
    rows.length === 0
      ? html`<p>No invoice yet.</p>`
      : html`<div class="wide" role="region" aria-labelledby="invoices" tabindex="0"><table><thead><tr>
<th scope="col">Date</th><th scope="col">Invoice</th><th scope="col">Total</th><th scope="col">Status</th><th scope="col">Pay</th>
</tr></thead><tbody>${rows}</tbody></table></div>`;
  return html`<section aria-labelledby="invoices"><h2 id="invoices">Invoices</h2>${body}</section>`;
}
