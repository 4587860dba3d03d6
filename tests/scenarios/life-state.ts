import { assessLicense, type LicenseCode, worksUntil } from "#app/domain/license/assess-license.ts";
import { licenseFacts } from "#app/domain/license/license-facts.ts";
import { db } from "#app/infra/db.server.ts";

/** A license without what differs from one play of a scenario to the next. */
export type LicenseState = {
  plan: string;
  ordinal: number | null;
  seats: number;
  code: LicenseCode;
  paidUntil: string | null;
  graceUntil: string | null;
  extendedUntil: string | null;
  revokedBy: string | null;
  /** What its holds are about, without the ids of Stripe's objects: `refund`, `unpaid`, … */
  holds: string[];
};

export type LifeState = {
  licenses: LicenseState[];
  /** How many of each kind; those that were dropped before they were sent do not count. */
  mails: Record<string, number>;
  /** Rows of the audit log about these orders and licenses, counted by event. */
  audit: Record<string, number>;
  /** Kinds, sorted. */
  alerts: string[];
};

export async function licenseRows() {
  return db().license.findMany({
    include: { holds: true, policy: { select: { slug: true } } },
    orderBy: [{ sourceId: "asc" }, { itemKey: "asc" }, { ordinal: "asc" }],
  });
}
export type LicenseRow = Awaited<ReturnType<typeof licenseRows>>[number];

/** Everything the sales of this play left behind, in a form that can be compared. */
export async function lifeState(now: Date): Promise<LifeState> {
  const [licenses, mails, orders, alerts] = await Promise.all([
    licenseRows(),
    db().email.findMany({ where: { droppedAt: null }, select: { kind: true } }),
    db().order.findMany({ select: { id: true } }),
    db().alert.findMany({ select: { kind: true } }),
  ]);
  const audit = await db().auditLog.findMany({
    where: {
      OR: [
        { licenseId: { in: licenses.map(({ id }) => id) } },
        { orderId: { in: orders.map(({ id }) => id) } },
      ],
    },
    select: { event: true },
  });
  return {
    licenses: licenses.map((row) => stateOf(row, now)).sort(byPlace),
    mails: count(mails.map(({ kind }) => kind)),
    audit: count(audit.map(({ event }) => event)),
    alerts: alerts.map(({ kind }) => kind).sort(),
  };
}

function stateOf(row: LicenseRow, now: Date): LicenseState {
  return {
    plan: row.policy.slug,
    ordinal: row.ordinal,
    seats: row.seats,
    code: assessLicense(licenseFacts(row), now).code,
    paidUntil: row.paidUntil?.toISOString() ?? null,
    graceUntil: row.graceUntil?.toISOString() ?? null,
    extendedUntil: row.extendedUntil?.toISOString() ?? null,
    revokedBy: row.revokedBy,
    holds: row.holds.map(({ cause }) => kindOfHold(cause)).sort(),
  };
}

function byPlace(a: LicenseState, b: LicenseState): number {
  const place = ({ plan, ordinal, paidUntil }: LicenseState) =>
    `${plan}:${String(ordinal ?? 0).padStart(5, "0")}:${paidUntil ?? ""}`;
  return place(a) < place(b) ? -1 : 1;
}

/** `refund:ch_1` → `refund`. */
export function kindOfHold(cause: string): string {
  return cause.split(":")[0] ?? cause;
}

function count(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of [...names].sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** What a scenario expects; what is left out is not looked at. */
export type Expected = {
  /** Licenses that work now, in their time or in grace. */
  working?: number;
  /** All there are, working or not. */
  licenses?: number;
  /** Of every license that has a seat. */
  paidUntil?: Date | null;
  /** Until when every license that has a seat works, grace included. */
  worksUntil?: Date | null;
  /** The code of every license that has a seat. */
  code?: LicenseCode;
  /** What holds any of them, each named once. */
  holds?: string[];
  /** Exactly these kinds, so many of each. */
  mails?: Record<string, number>;
  /** These events so often; others are not looked at. */
  audit?: Record<string, number>;
  /** Exactly these, each kind named once. */
  alerts?: string[];
};

/** What of `state` the expectation speaks about, in its own words, so that the two can be compared at once. */
export function inTheWordsOf(expected: Expected, state: LifeState): Expected {
  const seated = state.licenses.filter(({ holds }) => !holds.includes("released"));
  const common = <T>(values: T[]): T | undefined => {
    const [first, ...others] = [...new Set(values)];
    // Two different values are shown as what they are not: neither.
    return others.length === 0 ? first : undefined;
  };
  const date = (text: string | null | undefined) => (typeof text === "string" ? new Date(text) : text);
  const told: Expected = {};
  if (expected.licenses !== undefined) told.licenses = state.licenses.length;
  if (expected.working !== undefined) told.working = state.licenses.filter(works).length;
  if (expected.paidUntil !== undefined)
    assign(told, "paidUntil", date(common(seated.map(({ paidUntil }) => paidUntil))));
  if (expected.worksUntil !== undefined) assign(told, "worksUntil", date(common(seated.map(endOf))));
  if (expected.code !== undefined) assign(told, "code", common(seated.map(({ code }) => code)));
  if (expected.holds) told.holds = [...new Set(state.licenses.flatMap(({ holds }) => holds))].sort();
  if (expected.mails) told.mails = state.mails;
  if (expected.audit)
    told.audit = Object.fromEntries(
      Object.keys(expected.audit).map((event) => [event, state.audit[event] ?? 0]),
    );
  if (expected.alerts) told.alerts = [...new Set(state.alerts)];
  return told;
}

function assign<K extends keyof Expected>(told: Expected, name: K, value: Expected[K] | undefined): void {
  if (value !== undefined) told[name] = value;
}

function endOf(license: LicenseState): string | null {
  const end = worksUntil({
    paidUntil: license.paidUntil ? new Date(license.paidUntil) : null,
    graceUntil: license.graceUntil ? new Date(license.graceUntil) : null,
    extendedUntil: license.extendedUntil ? new Date(license.extendedUntil) : null,
  });
  return end?.toISOString() ?? null;
}

export function works({ code }: Pick<LicenseState, "code">): boolean {
  return code === "VALID" || code === "GRACE";
}
