import { expect } from "vitest";
import { assessLicense, worksUntil } from "#app/domain/license/assess-license.ts";
import { licenseFacts } from "#app/domain/license/license-facts.ts";
import { db } from "#app/infra/db.server.ts";
import { type CoveredPeriod, coveredPeriods } from "#tests/scenarios/covered-periods.ts";
import { dayMs, type LifeShop } from "#tests/scenarios/life-shop.ts";
import { type LicenseRow, licenseRows } from "#tests/scenarios/life-state.ts";

/** What is remembered from one turn of the worker to the next. */
export type Watch = { revoked: Map<string, Date> };

/** The longest a license may go on after what was paid: its own days of grace, or the slack of a renewal. */
const longestGraceMs = 7 * dayMs;

/** What has to be so after every turn of the worker, whatever was delivered until then. */
export async function checkInvariants(shop: LifeShop, now: Date, watch: Watch): Promise<void> {
  const licenses = await licenseRows();
  const working = licenses.filter((license) => assessLicense(licenseFacts(license), now).valid);
  const courtesy = await db().setting.findUnique({ where: { name: "onPauseCollection" } });
  for (const sourceId of new Set(working.map((license) => license.sourceId))) {
    if (!sourceId) continue;
    const periods = await coveredPeriods(shop.standIn, sourceId, courtesy?.value === "extend");
    for (const license of working) if (license.sourceId === sourceId) expectCovered(license, periods, now);
  }
  expectRevokedStayRevoked(licenses, watch);
  expectOneForEachSlot(licenses);
}

/** I2, I3 and acceptance 4: nothing works without money for it, nor longer than it, grace and gifts of staff apart. */
function expectCovered(license: LicenseRow, periods: readonly CoveredPeriod[], now: Date): void {
  const begun = periods.filter(({ start }) => start <= now);
  expect(begun.length, `${license.sourceId} works although nothing is paid`).toBeGreaterThan(0);
  if (license.extendedUntil && license.extendedUntil > now) return;
  if (periods.some(({ end }) => end === null)) return;
  const end = Math.max(...periods.map((period) => period.end?.getTime() ?? 0));
  const last = worksUntil(license)?.getTime() ?? Number.POSITIVE_INFINITY;
  expect(license.paidUntil?.getTime() ?? Number.POSITIVE_INFINITY, "paid until").toBeLessThanOrEqual(end);
  expect(last, "works until").toBeLessThanOrEqual(end + longestGraceMs);
}

/** I4. */
function expectRevokedStayRevoked(licenses: readonly LicenseRow[], { revoked }: Watch): void {
  for (const license of licenses) if (license.revokedAt) revoked.set(license.id, license.revokedAt);
  for (const [id, at] of revoked) expect(licenses.find((row) => row.id === id)?.revokedAt).toEqual(at);
}

/** I1. */
function expectOneForEachSlot(licenses: readonly LicenseRow[]): void {
  const slots = licenses.map(({ sourceId, itemKey, ordinal }) => `${sourceId}|${itemKey}|${ordinal}`);
  expect(new Set(slots).size, "one license for each slot").toBe(slots.length);
  expect(new Set(licenses.map(({ keyHmac }) => keyHmac)).size).toBe(licenses.length);
}

const notChanges = ["license.issued", "license.resent", "license.key-revealed"];

/**
 * I6 and I7, once a play is over: each change of a license has one row, the last of which says what is so; each mail
 * is the only one of its kind and cause; and one more sync of everything changes nothing.
 */
export async function checkBooks(workAgain: () => Promise<void>): Promise<void> {
  const licenses = await licenseRows();
  for (const license of licenses) await expectAudited(license);
  const mails = await db().email.findMany();
  expect(new Set(mails.map(({ kind, causeKey, recipient }) => `${kind}|${causeKey}|${recipient}`)).size).toBe(
    mails.length,
  );
  const before = await books();
  await db().stripeSource.updateMany({ data: { dirtySeq: { increment: 1 }, dirtyCause: "once more" } });
  await workAgain();
  expect(await books(), "one more sync changes nothing").toEqual(before);
}

async function expectAudited(license: LicenseRow): Promise<void> {
  const rows = await db().auditLog.findMany({
    where: { licenseId: license.id, event: { startsWith: "license.", notIn: notChanges } },
    orderBy: { seq: "asc" },
  });
  expect(rows.length, "one audit row for each change").toBe(license.version - 1);
  const last = rows.at(-1);
  if (!last) return;
  expect(last.after).toMatchObject({
    version: license.version,
    paidUntil: license.paidUntil?.toISOString() ?? null,
    graceUntil: license.graceUntil?.toISOString() ?? null,
    extendedUntil: license.extendedUntil?.toISOString() ?? null,
    revokedAt: license.revokedAt?.toISOString() ?? null,
    holds: license.holds.map(({ cause }) => cause).sort(),
  });
}

/** What a needless write would show in. */
async function books() {
  const licenses = await licenseRows();
  return {
    versions: licenses.map(({ id, version }) => ({ id, version })),
    mails: await db().email.count(),
    audit: await db().auditLog.count(),
    alerts: await db().alert.count(),
  };
}
