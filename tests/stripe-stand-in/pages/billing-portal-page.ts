import {
  actInPortal,
  isAllowed,
  PortalRefusal,
  subjectOf,
} from "#tests/stripe-stand-in/billing-portal/portal-actions.ts";
import { invoicesOf, subscriptionsOf } from "#tests/stripe-stand-in/billing-portal/portal-facts.ts";
import { closePortal, visitPortal } from "#tests/stripe-stand-in/billing-portal/visits.ts";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { StripeApiError } from "#tests/stripe-stand-in/errors.ts";
import { isLive } from "#tests/stripe-stand-in/resources/customers.ts";
import type { StoredPortalSession } from "#tests/stripe-stand-in/stored-types.ts";
import { type Html, html } from "./html.ts";
import { htmlPage, type PageAnswer, seeOther } from "./layout.ts";
import { emailCard, invoicesCard, paymentMethodCard, subscriptionCard } from "./portal-parts.ts";

type Note = { text: string; isProblem: boolean };

/** What the address of a billing portal session shows. */
export function showPortal(standIn: StandIn, token: string, done: string | null): PageAnswer {
  const session = visitPortal(standIn, token);
  if (session === null) return expiredPage();
  return portalPage(standIn, session, done === null ? null : { text: done, isProblem: false }, 200);
}

/** Does what the customer pressed, and shows the page again or, at the end of a flow, sends them back to the shop. */
export function submitPortal(standIn: StandIn, token: string, fields: unknown): PageAnswer {
  const session = visitPortal(standIn, token);
  if (session === null) return expiredPage();
  try {
    const done = actInPortal(standIn, session, fields);
    return session.flow === null
      ? seeOther(`${new URL(session.url).pathname}?${new URLSearchParams({ done })}`)
      : afterFlow(standIn, session, done);
  } catch (error) {
    if (!(error instanceof PortalRefusal || error instanceof StripeApiError)) throw error;
    const status = error instanceof StripeApiError ? error.status : 400;
    return portalPage(standIn, session, { text: error.message, isProblem: true }, status);
  }
}

function afterFlow(standIn: StandIn, session: StoredPortalSession, done: string): PageAnswer {
  const after = session.flow?.after_completion;
  if (after?.type === "redirect" && after.redirect !== null) {
    closePortal(standIn, session.id);
    return seeOther(after.redirect.return_url);
  }
  if (after?.type === "hosted_confirmation") {
    closePortal(standIn, session.id);
    const message = after.hosted_confirmation?.custom_message ?? null;
    const content = html`<main class="checkout"><h1>${done}</h1>
${message === null ? null : html`<p>${message}</p>`}${returnLink(session)}</main>`;
    return htmlPage(done, content);
  }
  const open = standIn.store.portalSessions.update(session.id, { flow: null });
  return seeOther(`${new URL(open.url).pathname}?${new URLSearchParams({ done })}`);
}

function returnLink(session: StoredPortalSession): Html | null {
  if (session.return_url === null) return null;
  return html`<p><a href="${session.return_url}">Return to the shop</a></p>`;
}

function portalPage(
  standIn: StandIn,
  session: StoredPortalSession,
  note: Note | null,
  status: number,
): PageAnswer {
  const content = html`<main class="checkout portal"><h1>Billing</h1>
${note === null ? null : noteOf(note)}
${session.flow === null ? null : html`<p>This page was opened for one thing only.</p>`}
<div class="stack">${cards(standIn, session)}</div>
${returnLink(session)}</main>`;
  return htmlPage(note?.isProblem === true ? `Problem: ${note.text}` : "Billing", content, status);
}

function noteOf({ text, isProblem }: Note): Html {
  return isProblem
    ? html`<p class="alert" role="alert">${text}</p>`
    : html`<p class="done" role="status">${text}</p>`;
}

function cards(standIn: StandIn, session: StoredPortalSession): Html[] {
  const action = new URL(session.url).pathname;
  const subject = subjectOf(session);
  const isFlow = session.flow !== null;
  const shown = subscriptionsOf(standIn, session.customer).filter(({ id }) => !isFlow || id === subject);
  const parts = shown.map((each) =>
    subscriptionCard(standIn, action, each, (act) => isAllowed(session, act), isFlow),
  );
  if (isAllowed(session, "card")) parts.push(paymentMethodCard(action));
  if (isAllowed(session, "email")) parts.push(emailCard(action, emailOf(standIn, session.customer)));
  if (isAllowed(session, "pay")) parts.push(invoicesCard(action, invoicesOf(standIn, session.customer)));
  return parts;
}

function emailOf(standIn: StandIn, customerId: string): string {
  const customer = standIn.store.customers.get(customerId);
  return customer !== undefined && isLive(customer) ? (customer.email ?? "") : "";
}

function expiredPage(): PageAnswer {
  const content = html`<main class="checkout"><h1>This link has expired</h1>
<p>Billing pages open for a short time only. Go back to the shop and open a new one.</p></main>`;
  return htmlPage("Link expired", content, 410);
}
