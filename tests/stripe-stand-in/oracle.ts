import type { StandIn } from "./context.ts";
import { linesOf } from "./resources/line-items.ts";
import type { TablesAsJson } from "./store.ts";

/**
 * The truth a test compares the portal with: every table as plain JSON. Rows are replaced and never changed in place, so
 * what happens later does not touch it; whoever reads it must not change it either.
 */
export function dump(standIn: StandIn): TablesAsJson {
  return standIn.store.toJson();
}

const STATUSES = ["open", "complete", "expired"] as const;
const PAYMENT_STATUSES = ["paid", "unpaid", "no_payment_required"] as const;

export type Sale = {
  session: string;
  status: (typeof STATUSES)[number];
  paymentStatus: (typeof PAYMENT_STATUSES)[number];
  email: string | null;
  lines: Array<{ id: string; price: string; quantity: number }>;
};

/** The SDK's own unions are open, so narrowing takes a look-up. */
function oneOf<T extends string>(known: readonly T[], value: string | null): T {
  const found = known.find((candidate) => candidate === value);
  if (found === undefined) throw new Error(`The stand-in made a session with the unknown status ${value}`);
  return found;
}

/** Every session in the words a license shop needs: what was bought, by whom, and whether the money is there. */
export function sales(standIn: StandIn): Sale[] {
  return standIn.store.sessions.all().map((session) => ({
    session: session.id,
    status: oneOf(STATUSES, session.status),
    paymentStatus: oneOf(PAYMENT_STATUSES, session.payment_status),
    email: session.customer_details?.email ?? null,
    lines: linesOf(standIn, session.id).map(({ id, price, quantity }) => ({ id, price, quantity })),
  }));
}
