import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { invoicesSection, subscriptionsSection } from "./control-billing.ts";
import { eventsSection } from "./control-events.ts";
import { clockSection, leversSection } from "./control-levers.ts";
import { chargesSection, disputesSection, refundsSection } from "./control-money.ts";
import { actionButton, table } from "./control-parts.ts";
import { type Html, html, moment, money } from "./html.ts";
import { htmlPage, type PageAnswer } from "./layout.ts";

const SHOWN_SESSIONS = 50;
const SHOWN_REQUESTS = 100;

/** What happened here, and the levers. `message` says what the last button did. */
export function controlPage(standIn: StandIn, message: string | null, status = 200): PageAnswer {
  const content = html`<main class="control">
<h1>Stripe stand-in</h1>
<p role="status" class="done">${message ?? ""}</p>
<nav aria-label="Sections"><ul>
<li><a href="#clock">Clock</a></li><li><a href="#levers">Levers</a></li><li><a href="#sessions">Checkout Sessions</a></li><li><a href="#subscriptions">Subscriptions</a></li>
<li><a href="#invoices">Invoices</a></li><li><a href="#charges">Charges</a></li>
<li><a href="#refunds">Refunds</a></li><li><a href="#disputes">Disputes</a></li><li><a href="#events">Events</a></li>
<li><a href="#endpoints">Webhook endpoints</a></li><li><a href="#catalog">Catalog</a></li>
<li><a href="#requests">API requests</a></li><li><a href="/control/api/state">Everything as JSON</a></li>
</ul></nav>
${clockSection(standIn)}
${leversSection(standIn)}
${sessionsSection(standIn)}
${subscriptionsSection(standIn)}
${invoicesSection(standIn)}
${chargesSection(standIn)}
${refundsSection(standIn)}
${disputesSection(standIn)}
${eventsSection(standIn)}
${endpointsSection(standIn)}
${catalogSection(standIn)}
${requestsSection(standIn)}
</main>`;
  return htmlPage("Stripe stand-in: control", content, status);
}

function sessionsSection(standIn: StandIn): Html {
  const sessions = standIn.store.sessions.all().slice(-SHOWN_SESSIONS).reverse();
  const rows = sessions.map((session) => {
    const isSettling = standIn.store.timers.get(`settle_payment:${session.id}`) !== undefined;
    const buttons: Html[] = [];
    if (isSettling) {
      buttons.push(
        actionButton("settle", { session: session.id, outcome: "succeeded" }, "Payment succeeds", session.id),
      );
      buttons.push(
        actionButton("settle", { session: session.id, outcome: "failed" }, "Payment fails", session.id),
      );
    }
    if (session.status === "open")
      buttons.push(actionButton("expire", { session: session.id }, "Expire", session.id));
    return html`<tr><td>${moment(session.created * 1000)}</td>
<td><a href="/checkout/${session.id}"><code>${session.id}</code></a></td>
<td>${String(session.status)}, ${String(session.payment_status)}</td><td>${money(session.amount_total, session.currency)}</td>
<td>${session.customer_details?.email ?? "–"}</td><td>${buttons}</td></tr>`;
  });
  const columns = ["Created", "Session", "Status", "Total", "Buyer", "Actions"];
  return table("sessions", "Checkout Sessions", columns, rows, "No session yet.");
}

function endpointsSection(standIn: StandIn): Html {
  const rows = standIn.store.endpoints.all().map((endpoint) => {
    const settings = standIn.store.endpointSettings.get(endpoint.id);
    return html`<tr><td><code>${endpoint.id}</code></td><td><code>${endpoint.url}</code></td>
<td>${endpoint.enabled_events.join(", ")}</td><td>${settings?.payload ?? ""}</td><td>${endpoint.status}</td></tr>`;
  });
  return table(
    "endpoints",
    "Webhook endpoints",
    ["Endpoint", "Address", "Events", "Payload", "Status"],
    rows,
    "No endpoint.",
  );
}

function catalogSection(standIn: StandIn): Html {
  const prices = standIn.store.prices.all().map((price) => {
    const product = standIn.store.products.get(price.product);
    const every =
      price.recurring === null
        ? "once"
        : `every ${price.recurring.interval_count} ${price.recurring.interval}`;
    return html`<tr><td>${product?.name ?? ""}</td><td><code>${price.id}</code></td>
<td>${money(price.unit_amount, price.currency)}, ${every}</td><td>${price.lookup_key ?? "–"}</td></tr>`;
  });
  const links = standIn.store.paymentLinks
    .all()
    .map(
      ({ id, url }) =>
        html`<tr><td>Payment link</td><td><code>${id}</code></td><td><a href="/pay/${id}">${url}</a></td><td>–</td></tr>`,
    );
  const codes = standIn.store.promotionCodes
    .all()
    .map(
      ({ id, code }) =>
        html`<tr><td>Promotion code</td><td><code>${id}</code></td><td>${code}</td><td>–</td></tr>`,
    );
  const rows = [...prices, ...links, ...codes];
  return table("catalog", "Catalog", ["What", "ID", "Price", "Lookup key"], rows, "Nothing for sale.");
}

function requestsSection(standIn: StandIn): Html {
  const rows = standIn.requestLog
    .all()
    .slice(-SHOWN_REQUESTS)
    .reverse()
    .map(({ at, method, path, status, idempotencyKey, replayed }) => {
      const answer = status === null ? "no answer" : `${status}${replayed ? ", replayed" : ""}`;
      return html`<tr><td>${moment(at)}</td><td><code>${method} ${path}</code></td><td>${answer}</td><td><code>${idempotencyKey ?? "–"}</code></td></tr>`;
    });
  return table(
    "requests",
    "API requests",
    ["Time", "Request", "Answer", "Idempotency key"],
    rows,
    "No request yet.",
  );
}
