import { expect } from "vitest";
import { assessLicense, worksUntil } from "#app/domain/license/assess-license.ts";
import { licenseFacts } from "#app/domain/license/license-facts.ts";
import { pool } from "#app/infra/db.server.ts";
import { type LicenseRow, licenseRows } from "#tests/scenarios/life-state.ts";
import {
  type Books,
  coveredSpans,
  type ExpectedItem,
  type ExpectedPurchase,
  expectedPurchases,
  type Plans,
} from "#tests/scenarios/oracle-projection.ts";
import type { RunningStandIn } from "#tests/stripe-stand-in/server.ts";

/** What people decided, and which key each place has: none of it may change by itself. */
export type WalkMemory = {
  revoked: Map<string, Date>;
  held: Set<string>;
  extended: Map<string, Date>;
  keys: Map<string, string>;
};

export const newMemory = (): WalkMemory => ({
  revoked: new Map(),
  held: new Set(),
  extended: new Map(),
  keys: new Map(),
});

export function booksOf(standIn: RunningStandIn): Books {
  const { sessions, lines, charges, refunds, disputes, subscriptions, invoices, invoicePayments } =
    standIn.tables();
  return { sessions, lines, charges, refunds, disputes, subscriptions, invoices, invoicePayments };
}

const longestGraceMs = 7 * 86_400_000;

/** The invariants that the database shows, whatever has been delivered so far. */
export async function checkInvariants(books: Books, memory: WalkMemory, now: Date): Promise<void> {
  const rows = await licenseRows();
  const places = rows.map(({ sourceId, itemKey, ordinal }) => `${sourceId}|${itemKey}|${ordinal}`);
  expect(new Set(places).size, "I1: one license for each place").toBe(places.length);
  expect(new Set(rows.map(({ keyHmac }) => keyHmac)).size, "a key for each license").toBe(rows.length);
  const byId = new Map(rows.map((row) => [row.id, row]));
  for (const [id, key] of memory.keys) expect(byId.get(id)?.keyHmac, "keys stay").toBe(key);
  for (const row of rows) memory.keys.set(row.id, row.keyHmac);
  for (const [id, at] of memory.revoked) expect(byId.get(id)?.revokedAt, "I4: revoked stays").toEqual(at);
  for (const row of rows) if (row.revokedAt) memory.revoked.set(row.id, row.revokedAt);
  for (const row of rows)
    expect(
      row.holds.some(({ cause }) => cause === "staff"),
      "I5: a hold of staff is theirs",
    ).toBe(memory.held.has(row.id));
  for (const [id, at] of memory.extended)
    expect(byId.get(id)?.extendedUntil, "what staff granted stays").toEqual(at);
  for (const row of rows) if (assessLicense(licenseFacts(row), now).valid) expectCovered(books, row, now);
}

/** I2 and I3: nothing works without money for it, nor longer than it, grace and gifts of staff apart. */
function expectCovered(books: Books, row: LicenseRow, now: Date): void {
  const spans = coveredSpans(books, row.sourceId ?? "");
  const begun = spans.filter(({ start }) => start * 1000 <= now.getTime());
  expect(begun.length, `I2: ${row.sourceId} works and nothing is paid`).toBeGreaterThan(0);
  if (row.extendedUntil || spans.some(({ end }) => end === null)) return;
  const last = Math.max(...spans.map(({ end }) => (end ?? 0) * 1000));
  expect(row.paidUntil?.getTime(), `I3: ${row.sourceId} beyond what is paid`).toBeLessThanOrEqual(last);
  expect(worksUntil(row)?.getTime(), "I3: grace").toBeLessThanOrEqual(last + longestGraceMs);
}

const notChanges = ["license.issued", "license.resent", "license.key-revealed"];

/** I7: as many audit rows as changes; I11: nothing that was received is left undone. */
export async function checkBooks(): Promise<void> {
  const audited = await pool().query<{ id: string; version: number; rows: number }>(
    `SELECT l.id, l.version, count(a.*)::int AS rows FROM license l
       LEFT JOIN audit_log a ON a.license_id = l.id AND a.event <> ALL($1)
      GROUP BY l.id`,
    [notChanges],
  );
  for (const { id, version, rows } of audited.rows) expect(rows, `I7: audit rows of ${id}`).toBe(version - 1);
  const open = await pool().query<{ type: string; lastError: string | null }>(
    `SELECT type, last_error AS "lastError" FROM stripe_event
      WHERE failed_at IS NOT NULL OR (processed_at IS NULL AND ignored_at IS NULL)`,
  );
  expect(open.rows, "I11: every event is done").toEqual([]);
}

/** I9: after one tick licenses and holds are what Stripe's books say, whatever was delivered, and in whatever order. */
export async function checkAgainstOracle(books: Books, plans: Plans, now: Date): Promise<void> {
  const rows = await licenseRows();
  const purchases = expectedPurchases(books, plans, now);
  const wrong = purchases.flatMap((purchase) =>
    differences(
      purchase,
      rows.filter(({ sourceId }) => sourceId === purchase.source),
      now,
    ),
  );
  const known = new Set(purchases.map(({ source }) => source));
  for (const row of rows)
    if (!known.has(row.sourceId ?? "")) wrong.push(`${row.sourceId}: Stripe knows no such purchase`);
  if (wrong.length > 0) throw new Error(`I9: after the tick\n  ${wrong.join("\n  ")}`);
}

function differences(purchase: ExpectedPurchase, rows: readonly LicenseRow[], now: Date): string[] {
  const { source, standing, items } = purchase;
  const told = (what: string, is: unknown, should: unknown) =>
    JSON.stringify(is) === JSON.stringify(should)
      ? []
      : [`${source} (${standing}): ${what} is ${JSON.stringify(is)}, should be ${JSON.stringify(should)}`];
  if (standing === "nothing") return told("number of licenses", rows.length, 0);
  const wrong = items.flatMap((item) => itemDifferences(item, rows, now, told));
  const current = new Set(items.map(({ itemKey }) => itemKey));
  for (const row of rows) {
    if (current.has(row.itemKey ?? "")) continue;
    const works = assessLicense(licenseFacts(row), now).valid;
    if (!row.extendedUntil) wrong.push(...told(`working of the former item ${row.itemKey}`, works, false));
    if (standing === "live" && !row.revokedAt)
      wrong.push(
        ...told(`holds of the former item ${row.itemKey}`, heldByStripe(row), [`released:${source}`]),
      );
  }
  return wrong;
}

type Tell = (what: string, is: unknown, should: unknown) => string[];

function itemDifferences(item: ExpectedItem, rows: readonly LicenseRow[], now: Date, told: Tell): string[] {
  const own = rows.filter(({ itemKey }) => itemKey === item.itemKey);
  const seated = own.filter((row) => !isReleased(row));
  const wrong = item.count === null ? [] : told(`seats of ${item.itemKey}`, seated.length, item.count);
  for (const row of own) {
    if (row.revokedAt) continue;
    const name = `${item.itemKey}/${row.ordinal}`;
    if (item.paidUntil !== "later")
      wrong.push(...told(`${name} paid until`, secondsOf(row.paidUntil), item.paidUntil));
    const isExtended = row.extendedUntil !== null && row.extendedUntil > now;
    const unpaid = item.unpaidHold && !isExtended ? [item.unpaidHold] : [];
    const held = heldByStripe(row).filter((cause) => !cause.startsWith("released:"));
    wrong.push(...told(`${name} held by`, held, [...item.holds, ...unpaid].sort()));
    if (isReleased(row)) continue;
    wrong.push(...told(`${name} grace until`, secondsOf(row.graceUntil), item.graceUntil));
    if (item.seats !== null) wrong.push(...told(`${name} seats`, row.seats, item.seats));
    if (item.devices !== null) wrong.push(...told(`${name} devices`, row.deviceLimit, item.devices));
  }
  return wrong;
}

function isReleased(row: LicenseRow): boolean {
  return row.holds.some(({ cause }) => cause.startsWith("released:"));
}

function heldByStripe(row: LicenseRow): string[] {
  return row.holds
    .map(({ cause }) => cause)
    .filter((cause) => cause !== "staff")
    .sort();
}

function secondsOf(at: Date | null): number | null {
  return at && at.getTime() / 1000;
}
