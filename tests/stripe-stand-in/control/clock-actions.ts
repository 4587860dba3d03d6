import { z } from "zod";
import { plusMonths } from "#tests/stripe-stand-in/billing/periods.ts";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { type ActionOutcome, type Actions, action } from "./action.ts";

async function travel(standIn: StandIn, atMs: number): Promise<ActionOutcome> {
  await standIn.timers.travelTo(atMs);
  const now = new Date(standIn.clock.now()).toISOString();
  return { message: `The clock reads ${now}`, result: { now } };
}

/** Time only goes on: what has happened at Stripe cannot be taken back. */
export const clockActions: Actions = {
  advance: action(z.object({ seconds: z.coerce.number().positive() }), (standIn, { seconds }) =>
    travel(standIn, standIn.clock.now() + seconds * 1000),
  ),
  "advance-months": action(
    z.object({ months: z.coerce.number().int().min(1).max(120).default(1) }),
    (standIn, { months }) => travel(standIn, plusMonths(standIn.clock.seconds(), months) * 1000),
  ),
  "advance-to": action(
    // A browser's date-and-time field sends no zone; this page speaks UTC throughout.
    z.object({ date: z.string().regex(/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?$/) }),
    (standIn, { date }) => {
      const atMs = Date.parse(date.includes("T") && !date.endsWith("Z") ? `${date}Z` : date);
      if (!(atMs > standIn.clock.now())) throw new Error("The clock only goes forward; choose a later date.");
      return travel(standIn, atMs);
    },
  ),
};
