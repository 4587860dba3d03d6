import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import type { Delivery, StoredEvent } from "#tests/stripe-stand-in/stored-types.ts";
import { deliveriesOf } from "#tests/stripe-stand-in/webhooks/deliveries.ts";
import { actionButton, table } from "./control-parts.ts";
import { type Html, html, moment } from "./html.ts";

const SHOWN_EVENTS = 60;

/** The latest events, each with what became of its deliveries. */
export function eventsSection(standIn: StandIn): Html {
  const events = standIn.store.events.all().slice(-SHOWN_EVENTS).reverse();
  const rows = events.map(
    (event) => html`<tr><td>${moment(event.created * 1000)}</td>
<td>${event.type}<br><code>${event.id}</code></td><td><code>${event.data.object.id ?? "–"}</code></td>
<td>${deliveriesOf(standIn, event.id).map((delivery) => describe(standIn, delivery))}</td><td>${buttons(event)}</td></tr>`,
  );
  const columns = ["Time", "Event", "About", "Deliveries", "Actions"];
  return table("events", "Events", columns, rows, "No event yet.");
}

function buttons({ id: event }: StoredEvent): Html[] {
  return [
    actionButton("deliver", { event }, "Deliver now", event),
    actionButton("deliver", { event, copies: "2", concurrently: "true" }, "Twice at once", event),
    actionButton("deliver", { event, asNewEventId: "true" }, "As another event", event),
    actionButton("drop", { event }, "Drop", event),
  ];
}

function describe(standIn: StandIn, delivery: Delivery): Html {
  const url = standIn.store.endpoints.get(delivery.endpoint)?.url ?? "a removed endpoint";
  const answers = delivery.attempts.map(({ status, error }) => status ?? error ?? "?").join(", ");
  const isBad = delivery.status === "failed" || delivery.status === "dropped";
  const tone = delivery.status === "succeeded" ? "good" : isBad ? "bad" : "";
  const next = delivery.nextAttemptAt === null ? null : html`, next at ${moment(delivery.nextAttemptAt)}`;
  const attempts = delivery.attempts.length === 1 ? "1 attempt" : `${delivery.attempts.length} attempts`;
  return html`<div><span class="${tone}">${delivery.status}</span>, ${attempts}${answers === "" ? "" : `: ${answers}`}${next}
<br><small>${url}</small></div>`;
}
