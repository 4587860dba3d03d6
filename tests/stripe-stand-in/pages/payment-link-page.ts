import { createSession } from "#tests/stripe-stand-in/checkout/create-session.ts";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { parseParameters } from "#tests/stripe-stand-in/parameters.ts";
import { toForm } from "#tests/stripe-stand-in/request-body.ts";
import { createSessionParameters } from "#tests/stripe-stand-in/resources/checkout-session-parameters.ts";
import { linesOf } from "#tests/stripe-stand-in/resources/line-items.ts";
import { html } from "./html.ts";
import { htmlPage, notFoundPage, type PageAnswer, seeOther } from "./layout.ts";

/** Opening a payment link makes a session of it, which nobody's order stands behind, and goes there. */
export function openPaymentLink(standIn: StandIn, linkId: string, query: URLSearchParams): PageAnswer {
  const link = standIn.store.paymentLinks.get(linkId);
  if (link === undefined) return notFoundPage();
  if (!link.active) {
    const content = html`<main class="checkout"><h1>This link is no longer active</h1></main>`;
    return htmlPage("Link inactive", content, 410);
  }
  const email = query.get("prefilled_email");
  const reference = query.get("client_reference_id");
  const lines = linesOf(standIn, linkId);
  const sellsSubscription = lines.some(({ price }) => standIn.store.prices.get(price)?.type === "recurring");
  const parameters = toForm({
    mode: sellsSubscription ? "subscription" : "payment",
    line_items: lines.map(({ price, quantity }) => ({ price, quantity })),
    metadata: link.metadata,
    allow_promotion_codes: link.allow_promotion_codes,
    customer_creation: sellsSubscription ? undefined : link.customer_creation,
    success_url: link.after_completion.redirect?.url,
    customer_email: email ?? undefined,
    client_reference_id: reference ?? undefined,
  });
  const sent = parseParameters(createSessionParameters, parameters);
  const session = createSession(standIn, sent, null, { paymentLink: linkId });
  return seeOther(`/checkout/${session.id}`);
}
