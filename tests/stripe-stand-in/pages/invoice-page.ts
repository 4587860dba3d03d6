import { z } from "zod";
import { replaceCard } from "#tests/stripe-stand-in/billing/cards.ts";
import { approveAction, payInvoice } from "#tests/stripe-stand-in/billing/invoice-actions.ts";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { StripeApiError } from "#tests/stripe-stand-in/errors.ts";
import { idOf } from "#tests/stripe-stand-in/ids.ts";
import type { StoredInvoice } from "#tests/stripe-stand-in/stored-types.ts";
import { type Html, html, moment, money } from "./html.ts";
import { htmlPage, notFoundPage, type PageAnswer, seeOther } from "./layout.ts";

const posted = z.object({ card: z.enum(["ok", "declines", "kept"]).catch("kept") });

/** The page `hosted_invoice_url` leads to. */
export function showInvoice(standIn: StandIn, id: string, problem: string | null = null): PageAnswer {
  const invoice = standIn.store.invoices.get(id);
  if (invoice === undefined || invoice.status === "draft") return notFoundPage();
  const lines = invoice.lines.data.map(
    (line) => html`<li><span>${line.description ?? "Item"}
<small>${moment(line.period.start * 1000)} to ${moment(line.period.end * 1000)}</small></span><span>${money(line.amount, line.currency)}</span></li>`,
  );
  const content = html`<main class="checkout"><h1>Invoice ${invoice.number ?? invoice.id}</h1>
${problem === null ? null : html`<p class="alert" role="alert">${problem}</p>`}
<p class="total">${money(invoice.amount_due, invoice.currency)}</p>
<ul class="lines">${lines}<li class="sum"><span>Total due</span><span>${money(invoice.amount_due, invoice.currency)}</span></li></ul>
${invoice.status === "open" ? payForm(standIn, invoice) : html`<p>This invoice is ${invoice.status}.</p>`}</main>`;
  const title = problem === null ? "Invoice" : `Problem: ${problem}`;
  return htmlPage(title, content, problem === null ? 200 : 402);
}

function payForm(standIn: StandIn, invoice: StoredInvoice): Html {
  const action = `/invoice/${invoice.id}`;
  if (isWaiting(standIn, invoice.id)) {
    return html`<form method="post" action="${action}"><p>Your bank asks you to confirm this payment.</p>
<button class="primary" name="card" value="kept">Confirm the payment</button></form>`;
  }
  return html`<form method="post" action="${action}"><fieldset><legend>Pay with</legend>
<div class="choice"><input type="radio" id="card-ok" name="card" value="ok" checked><label for="card-ok">Card 4242 4242 4242 4242<br><small>Succeeds at once, and is charged from now on</small></label></div>
<div class="choice"><input type="radio" id="card-declines" name="card" value="declines"><label for="card-declines">Card 4000 0000 0000 0341<br><small>Is declined when charged</small></label></div>
</fieldset><button class="primary">Pay ${money(invoice.amount_remaining, invoice.currency)}</button></form>`;
}

/** Whether the bank waits for the customer's word. */
function isWaiting(standIn: StandIn, invoiceId: string): boolean {
  const intent = standIn.store.invoiceRecords.get(invoiceId)?.paymentIntent ?? "";
  return standIn.store.paymentIntents.get(intent)?.status === "requires_action";
}

/** Confirms what the bank asked for, or pays with a new card, and shows the invoice again. */
export function submitInvoice(standIn: StandIn, id: string, fields: unknown): PageAnswer {
  const invoice = standIn.store.invoices.get(id);
  const customer = idOf(invoice?.customer);
  if (invoice === undefined || customer === null) return notFoundPage();
  const { card } = posted.parse(fields);
  try {
    if (card === "kept" && isWaiting(standIn, id)) approveAction(standIn, id);
    else {
      if (card !== "kept") replaceCard(standIn, customer, card, null);
      payInvoice(standIn, id, { outOfBand: false, cause: null });
    }
    return seeOther(`/invoice/${id}`);
  } catch (error) {
    if (!(error instanceof StripeApiError)) throw error;
    return showInvoice(standIn, id, error.message);
  }
}
