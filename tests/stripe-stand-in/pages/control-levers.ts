import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { actionButton, options } from "./control-parts.ts";
import { type Html, html, moment } from "./html.ts";

const FAULTS = ["429", "500", "503", "timeout", "reset", "bare_404"] as const;
const DELAYS = ["0", "5", "30", "300"] as const;

/** The clock, its buttons and a form for any later moment. */
export function clockSection(standIn: StandIn): Html {
  const { watchUrl } = standIn.settings;
  const now = new Date(standIn.clock.now()).toISOString().slice(0, 16);
  const watch =
    watchUrl === null ? null : html`<p><a href="${watchUrl}">Watch the licenses in the shop</a></p>`;
  return html`<section id="clock" aria-labelledby="clock-title"><h2 id="clock-title">Clock</h2>
<p>The clock reads ${moment(standIn.clock.now())} UTC. Everything that falls due on the way happens on the way.</p>
<div class="toolbar">
${actionButton("advance", { seconds: "3600" }, "1 hour on")}
${actionButton("advance", { seconds: "86400" }, "1 day on")}
${actionButton("advance", { seconds: "604800" }, "1 week on")}
${actionButton("advance-months", { months: "1" }, "1 month on")}
${actionButton("advance-months", { months: "12" }, "1 year on")}
<form method="post" action="/control/advance-to"><label>On to (UTC)
<input type="datetime-local" name="date" value="${now}" min="${now}" required></label><button>Go there</button></form>
</div>${watch}</section>`;
}

/** What can go wrong between Stripe and the shop. */
export function leversSection(standIn: StandIn): Html {
  const { mode, delayMs, chaos } = standIn.deliveryState;
  const delays = DELAYS.map(
    (seconds) => [seconds, seconds === "0" ? "at once" : `after ${seconds} s`] as const,
  );
  const isHeld = mode === "manual";
  return html`<section id="levers" aria-labelledby="levers-title"><h2 id="levers-title">Levers</h2>
<p>Deliveries ${isHeld ? "are held" : "run by themselves"}${chaos === null ? "" : ", and chaos reigns"}.
Faults waiting: ${standIn.faults.pending()}.</p>
<div class="toolbar">
${isHeld ? actionButton("release", {}, "Release deliveries") : actionButton("hold", {}, "Hold deliveries")}
<form method="post" action="/control/delay"><label>New deliveries start
<select name="seconds">${options(delays, String(delayMs / 1000))}</select></label><button>Set delay</button></form>
<form method="post" action="/control/faults"><label>The next <input type="number" name="count" value="1" min="1" max="100"></label>
<label>API requests meet <select name="outcome">${options(FAULTS.map((fault) => [fault, fault] as const))}</select></label>
<button>Inject</button></form>
${actionButton("clear-faults", {}, "Clear faults")}
${chaosForm(chaos !== null)}
</div></section>`;
}

function chaosForm(isOn: boolean): Html {
  if (isOn) return actionButton("calm", {}, "End the chaos");
  return html`<form method="post" action="/control/chaos"><label>Seed
<input type="number" name="seed" value="1" min="0" max="999999"></label>
<input type="hidden" name="lose" value="0.2"><input type="hidden" name="duplicate" value="0.2">
<input type="hidden" name="reorder" value="0.3"><input type="hidden" name="apiFaults" value="0.2">
<button>Start chaos</button></form>`;
}
