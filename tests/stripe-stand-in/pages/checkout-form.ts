import { PAYMENT_CHOICES, type PaymentChoice } from "#tests/stripe-stand-in/checkout/buyer-input.ts";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { linesOf } from "#tests/stripe-stand-in/resources/line-items.ts";
import type { LineRecord, StoredSession } from "#tests/stripe-stand-in/stored-types.ts";
import { type Html, html, moment, money } from "./html.ts";
import { htmlPage, type PageAnswer } from "./layout.ts";

/** What the buyer has typed so far, shown again when the page comes back. */
export type Typed = {
  email: string;
  name: string;
  promotionCode: string;
  method: PaymentChoice;
  /** Null while the buyer has not changed it. */
  quantity: number | null;
  businessName: string;
  taxId: string;
};
export type Problem = {
  field: "session" | "email" | "promotion_code" | "method" | "card" | "quantity";
  message: string;
};

const CHOICES: Record<PaymentChoice, { label: string; hint: string }> = {
  card: { label: "Card 4242 4242 4242 4242", hint: "Succeeds at once" },
  declined: { label: "Card 4000 0000 0000 0002", hint: "Is declined" },
  requires_action: { label: "Card 4000 0000 0000 3220", hint: "The bank asks for 3-D Secure, and gets it" },
  delayed_success: { label: "Bank debit that succeeds", hint: "The money arrives days later" },
  delayed_failure: { label: "Bank debit that fails", hint: "Bounces days later" },
  none: { label: "No card yet", hint: "Nothing to charge when the trial ends" },
};

/** The page a buyer pays on: the order on one side, the form on the other. */
export function checkoutForm(
  standIn: StandIn,
  session: StoredSession,
  typed: Typed,
  problem: Problem | null,
  status: number,
): PageAnswer {
  const content = html`<main class="checkout">
<h1>Checkout</h1>
${problem === null ? null : html`<p class="alert" role="alert" id="problem">${problem.message}</p>`}
<form method="post" action="/checkout/${session.id}">
<div class="columns">
<section aria-labelledby="order">
<h2 id="order">Your order</h2>
<p class="total">${money(session.amount_total, session.currency)}</p>
${orderLines(standIn, linesOf(standIn, session.id), session)}
${trialNote(standIn, session)}
${quantityField(standIn, session, typed, problem)}
${promotion(standIn, session, typed, problem)}
</section>
<section class="card" aria-labelledby="payment">
<h2 id="payment">Payment</h2>
${buyerFields(session, typed, problem)}
${businessFields(session, typed)}
${asksForMethod(session) ? methods(session, typed) : null}
<button class="primary" name="act" value="pay">${payLabel(session)}</button>
${cancelLink(session)}
</section>
</div>
</form>
</main>`;
  return htmlPage(problem === null ? "Checkout" : `Problem: ${problem.message}`, content, status);
}

function payLabel(session: StoredSession): string {
  if (session.mode === "subscription") return session.amount_total === 0 ? "Start trial" : "Subscribe";
  return session.amount_total === 0
    ? "Complete order"
    : `Pay ${money(session.amount_total, session.currency)}`;
}

/** `, $15.00 per month`: what a subscriber goes on paying for each. */
function recurrence(standIn: StandIn, { price: id }: LineRecord): string {
  const price = standIn.store.prices.get(id);
  if (price === undefined || price.recurring === null) return "";
  const { interval, interval_count: count } = price.recurring;
  const every = count === 1 ? interval : `${count} ${interval}s`;
  return `, ${money(price.unit_amount, price.currency)} per ${every}`;
}

/** What a trial costs and when it is over. */
function trialNote(standIn: StandIn, session: StoredSession): Html | null {
  const order = standIn.store.checkoutPlans.get(session.id)?.subscription;
  const days = order?.trialDays ?? null;
  const end = order?.trialEnd ?? (days === null ? null : standIn.clock.seconds() + days * 86_400);
  if (end === null) return null;
  const length = days === null ? html`Free trial` : html`${days} days free`;
  return html`<p>${length}, then the price above from ${moment(end * 1000)} on unless it is canceled before.</p>`;
}

/** One field, for the line whose quantity the buyer may change. */
function quantityField(
  standIn: StandIn,
  session: StoredSession,
  typed: Typed,
  problem: Problem | null,
): Html | null {
  const bounds = standIn.store.checkoutPlans.get(session.id)?.subscription?.adjustable ?? {};
  const [id, limits] = Object.entries(bounds)[0] ?? [];
  const line = standIn.store.lines.get(id ?? "");
  if (line === undefined || limits === undefined) return null;
  return html`<div class="field"><label for="quantity">Quantity</label>
<input type="number" id="quantity" name="quantity" value="${typed.quantity ?? line.quantity}" min="${limits.minimum}" max="${limits.maximum}" required${invalid(problem?.field === "quantity")}></div>`;
}

function businessFields(session: StoredSession, typed: Typed): Html | null {
  const asksName = session.name_collection?.business?.enabled === true;
  const asksTaxId = session.tax_id_collection?.enabled === true;
  if (!asksName && !asksTaxId) return null;
  const name = asksName
    ? html`<div class="field"><label for="business_name">Company <small>(optional)</small></label>
<input type="text" id="business_name" name="business_name" value="${typed.businessName}" autocomplete="organization"></div>`
    : null;
  const taxId = asksTaxId
    ? html`<div class="field"><label for="tax_id">VAT number <small>(optional)</small></label>
<input type="text" id="tax_id" name="tax_id" value="${typed.taxId}" autocomplete="off"></div>`
    : null;
  return html`${name ?? html``}${taxId ?? html``}`;
}

function orderLines(standIn: StandIn, lines: readonly LineRecord[], session: StoredSession): Html {
  const discount = session.total_details?.amount_discount ?? 0;
  const rows = lines.map(
    (line) => html`<li><span>${line.description}
<small>Quantity ${line.quantity}${recurrence(standIn, line)}</small></span><span>${money(line.amountSubtotal, line.currency)}</span></li>`,
  );
  const discountRow = html`<li><span>Discount</span><span>−${money(discount, session.currency)}</span></li>`;
  return html`<ul class="lines">${rows}${discount === 0 ? null : discountRow}
<li class="sum"><span>Total due</span><span>${money(session.amount_total, session.currency)}</span></li></ul>`;
}

/** The button comes before the pay button in the page, so the Enter key in any field presses it; with no code typed it pays. */
function promotion(
  standIn: StandIn,
  session: StoredSession,
  typed: Typed,
  problem: Problem | null,
): Html | null {
  if (session.allow_promotion_codes !== true) return null;
  const [applied] = session.discounts ?? [];
  if (typeof applied?.promotion_code === "string") {
    const code = standIn.store.promotionCodes.get(applied.promotion_code)?.code ?? "";
    return html`<p>Code <strong>${code}</strong> applied. <button name="act" value="remove" formnovalidate>Remove code</button></p>`;
  }
  const isWrong = problem?.field === "promotion_code";
  return html`<div class="field withbutton"><div><label for="promotion_code">Promotion code <small>(optional)</small></label>
<input type="text" id="promotion_code" name="promotion_code" value="${typed.promotionCode}" autocomplete="off" autocapitalize="characters"${invalid(isWrong)}></div>
<button name="act" value="apply" formnovalidate>Apply</button></div>`;
}

function invalid(isWrong: boolean): Html | null {
  return isWrong ? html` aria-invalid="true" aria-describedby="problem"` : null;
}

function buyerFields(session: StoredSession, typed: Typed, problem: Problem | null): Html {
  const isFixed = session.customer !== null && session.customer_details?.email !== null;
  const wrong = invalid(problem?.field === "email");
  return html`<div class="field"><label for="email">Email</label>
<input type="email" id="email" name="email" value="${typed.email}" autocomplete="email" required${wrong}${isFixed ? html` readonly` : null}></div>
<div class="field"><label for="name">Name <small>(optional)</small></label>
<input type="text" id="name" name="name" value="${typed.name}" autocomplete="name"></div>`;
}

/** A one-time sale that costs nothing asks for none; a trial does, unless its session says otherwise. */
function asksForMethod(session: StoredSession): boolean {
  return session.amount_total !== 0 || session.mode === "subscription";
}

function mayGoWithout(session: StoredSession): boolean {
  return session.amount_total === 0 && session.payment_method_collection === "if_required";
}

function methods(session: StoredSession, typed: Typed): Html {
  const offered = PAYMENT_CHOICES.filter((choice) => {
    if (choice === "none") return mayGoWithout(session);
    const isCard = !choice.startsWith("delayed");
    return session.payment_method_types.some((type) => (type === "card") === isCard);
  });
  const choices = offered.map((choice) => {
    const { label, hint } = CHOICES[choice];
    const checked = choice === typed.method ? html` checked` : null;
    return html`<div class="choice"><input type="radio" id="method-${choice}" name="method" value="${choice}"${checked}>
<label for="method-${choice}">${label}<br><small>${hint}</small></label></div>`;
  });
  return html`<fieldset><legend>Pay with</legend>${choices}</fieldset>`;
}

function cancelLink(session: StoredSession): Html | null {
  if (session.cancel_url === null) return null;
  return html`<p class="cancel"><a href="${session.cancel_url}">Cancel and go back</a></p>`;
}
