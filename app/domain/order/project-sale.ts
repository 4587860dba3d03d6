import type { CheckoutSessionFacts, SessionLine } from "#app/domain/order/checkout-session.ts";

type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
export type Entitlements = { [name: string]: Json };

/** The terms a unit is sold under; they are copied to the license when it is issued. */
export type PolicyTerms = {
  id: string;
  productId: string;
  productName: string;
  keyPrefix: string;
  slug: string;
  term: string;
  termDays: number | null;
  deviceLimit: number | null;
  updatesDays: number | null;
  graceDays: number;
  /** Of floating seats; null = a device keeps its seat until it is released. */
  leaseSeconds: number | null;
  entitlements: Entitlements;
  /** keys = one license per unit; devices = one license whose device limit grows with the quantity */
  seats: string;
};

/** How lines are mapped to policies, in the order they are asked. */
export type PolicyMap = {
  /** Frozen at purchase: the lines of the order we created, by Stripe price id. */
  orderLines: ReadonlyMap<string, PolicyTerms>;
  /** `metadata.slug` of the session. */
  sessionSlug: PolicyTerms | null;
  byPriceId: ReadonlyMap<string, PolicyTerms>;
  byLookupKey: ReadonlyMap<string, PolicyTerms>;
  bySlug: ReadonlyMap<string, PolicyTerms>;
};

/** What our records already say about this sale. */
export type KnownSale = {
  awaitingPaymentAt: Date | null;
  paidAt: Date | null;
  /** Whether anybody can receive the licenses. */
  hasOwner: boolean;
};

export type SaleState = "open" | "expired" | "awaiting-payment" | "payment-failed" | "paid";

export type DesiredLicense = {
  itemKey: string;
  ordinal: number;
  policy: PolicyTerms;
  seats: number;
  deviceLimit: number | null;
  paidUntil: Date | null;
  updatesUntil: Date | null;
};

export type SaleAlert = {
  kind: "unmapped-price" | "no-email" | "too-many-units";
  causeKey: string;
  message: string;
};

export type SaleProjection = {
  state: SaleState;
  /** Null until money arrived. */
  paidAt: Date | null;
  lines: { line: SessionLine; policy: PolicyTerms | null }[];
  licenses: DesiredLicense[];
  alerts: SaleAlert[];
  /** When to look again although nobody says so; null = never. */
  nextCheckAt: Date | null;
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** More keys than this in one sale are a mistake or an attack, and more than one mail can show; a person decides. */
export const maxUnitsPerSale = 2_000;
/** One license for this many seats at most; a larger line counts by its units. */
const maxSeatsPerLicense = 10_000;

/**
 * What should be true of a one-time sale, from what Stripe holds now (stripe.md 1.1, I1 to I4). Pure: the same
 * facts give the same licenses whatever events came, in whatever order. No license before the session is `paid`
 * or needs no payment; a session of another mode sells nothing here.
 */
export function projectSale(
  session: CheckoutSessionFacts,
  policies: PolicyMap,
  known: KnownSale,
  now: Date,
): SaleProjection {
  const state = saleState(session);
  const lines = session.lines.map((line) => ({
    line,
    policy: soldAtOnce(policyOf(line, session.lines, policies)),
  }));
  const nextCheckAt = nextCheck(session, state, now);
  if (state !== "paid") return { state, paidAt: null, lines, licenses: [], alerts: [], nextCheckAt };

  const paidAt = known.paidAt ?? moneyArrivedAt(session, known, now);
  const alerts = saleAlerts(session, lines, known.hasOwner);
  const licenses =
    known.hasOwner && unitsOf(lines) <= maxUnitsPerSale
      ? lines.flatMap(({ line, policy }) => (policy ? licensesOf(line, policy, paidAt) : []))
      : [];
  return { state, paidAt, lines, licenses, alerts, nextCheckAt };
}

function saleState(session: CheckoutSessionFacts): SaleState {
  if (session.mode !== "payment") return session.status === "expired" ? "expired" : "open";
  if (session.status === "expired") return "expired";
  if (session.status !== "complete") return "open";
  if (session.paymentStatus === "paid" || session.paymentStatus === "no_payment_required") return "paid";
  const payment = session.payment;
  // A delayed payment that failed leaves the session complete and unpaid for ever.
  if (payment && (payment.status === "requires_payment_method" || payment.status === "canceled"))
    return "payment-failed";
  return "awaiting-payment";
}

/** A card is charged at once; a delayed payment arrives when we first see it paid. */
function moneyArrivedAt(session: CheckoutSessionFacts, known: KnownSale, now: Date): Date {
  if (known.awaitingPaymentAt) return now;
  if (session.payment?.chargedAt) return session.payment.chargedAt;
  return session.paymentStatus === "no_payment_required" ? session.created : now;
}

/** A subscription's end comes from its renewals; a single payment for one would last for ever. */
function soldAtOnce(policy: PolicyTerms | null): PolicyTerms | null {
  return policy?.term === "subscription" ? null : policy;
}

/** The policy a line is sold under: frozen order line, session slug, price id, lookup key, price metadata. */
export function policyOf(
  line: SessionLine,
  lines: readonly SessionLine[],
  policies: PolicyMap,
): PolicyTerms | null {
  const frozen = line.priceId ? policies.orderLines.get(line.priceId) : undefined;
  if (frozen) return frozen;
  const { sessionSlug } = policies;
  if (!sessionSlug) return ownPolicyOf(line, policies);
  if (lines.length === 1) return sessionSlug;
  // The slug names one thing the sale is for. Beside lines that say themselves what they are, the others are extras;
  // where no line does, the first is what was bought.
  const own = ownPolicyOf(line, policies);
  const nobodySays = lines.every((each) => !ownPolicyOf(each, policies));
  return own ?? (nobodySays && line === lines[0] ? sessionSlug : null);
}

function ownPolicyOf(line: SessionLine, policies: PolicyMap): PolicyTerms | null {
  return (
    (line.priceId ? policies.byPriceId.get(line.priceId) : undefined) ??
    (line.lookupKey ? policies.byLookupKey.get(line.lookupKey) : undefined) ??
    (line.policySlug ? policies.bySlug.get(line.policySlug) : undefined) ??
    null
  );
}

type MappedLine = { line: SessionLine; policy: PolicyTerms | null };

/** How many licenses these lines ask for. */
function unitsOf(lines: readonly MappedLine[]): number {
  return lines.reduce((sum, { line, policy }) => sum + (policy ? countOf(line, policy) : 0), 0);
}

function countOf(line: SessionLine, policy: PolicyTerms): number {
  const shared = policy.seats === "devices" && line.quantity <= maxSeatsPerLicense;
  return shared ? Math.min(1, line.quantity) : line.quantity;
}

function licensesOf(line: SessionLine, policy: PolicyTerms, paidAt: Date): DesiredLicense[] {
  const seats = policy.seats === "devices" && line.quantity <= maxSeatsPerLicense ? line.quantity : 1;
  const deviceLimit = policy.deviceLimit === null ? null : policy.deviceLimit * seats;
  const days = policy.term === "days" ? (policy.termDays ?? 0) : null;
  return Array.from({ length: countOf(line, policy) }, (_, ordinal) => ({
    itemKey: line.id,
    ordinal,
    policy,
    seats,
    deviceLimit,
    paidUntil: days === null ? null : new Date(paidAt.getTime() + days * dayMs),
    updatesUntil:
      policy.updatesDays === null ? null : new Date(paidAt.getTime() + policy.updatesDays * dayMs),
  }));
}

function saleAlerts(
  session: CheckoutSessionFacts,
  lines: readonly MappedLine[],
  hasOwner: boolean,
): SaleAlert[] {
  const alerts: SaleAlert[] = [];
  for (const { line, policy } of lines) {
    if (!policy)
      alerts.push({
        kind: "unmapped-price",
        causeKey: line.id,
        message: `Paid line “${line.description}” (${line.priceId ?? "no price"}) of ${session.id} matches no policy that is sold by a single payment, so it gave no license. Add its price to the catalog, then sync the order again.`,
      });
  }
  const units = unitsOf(lines);
  if (units > maxUnitsPerSale)
    alerts.push({
      kind: "too-many-units",
      causeKey: session.id,
      message: `${session.id} is paid and has ${units} units, more than the ${maxUnitsPerSale} that are issued by themselves. Check that it is meant, then issue them by hand.`,
    });
  if (!hasOwner)
    alerts.push({
      kind: "no-email",
      causeKey: session.id,
      message: `${session.id} is paid but names no address, so nobody can receive its licenses. Add the address to the customer in Stripe and sync the order again, or issue the licenses by hand.`,
    });
  return alerts;
}

/**
 * Webhooks may be lost, so an unfinished sale is looked at again: while open after 15 minutes, an hour and when
 * it has expired; while a delayed payment is on its way every 6 hours for 30 days.
 */
function nextCheck(session: CheckoutSessionFacts, state: SaleState, now: Date): Date | null {
  if (state === "awaiting-payment" || state === "payment-failed") {
    const next = new Date(now.getTime() + 6 * hourMs);
    return next.getTime() - session.created.getTime() > 30 * dayMs ? null : next;
  }
  if (state !== "open" || session.status !== "open") return null;
  const marks = [
    session.created.getTime() + 15 * minuteMs,
    session.created.getTime() + hourMs,
    session.expiresAt.getTime() + 5 * minuteMs,
  ];
  const next = marks.find((mark) => mark > now.getTime());
  return next === undefined ? new Date(now.getTime() + dayMs) : new Date(next);
}
