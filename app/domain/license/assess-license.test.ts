import { expect, test } from "vitest";
import {
  assessLicense,
  expiringDays,
  graceEnd,
  type LicenseFacts,
  validUntil,
} from "#app/domain/license/assess-license.ts";

const dayMs = 86_400_000;
const end = new Date("2027-01-31T12:00:00Z");
const from = (instant: Date, milliseconds: number) => new Date(instant.getTime() + milliseconds);
const longBefore = from(end, -300 * dayMs);

function facts(overrides: Partial<LicenseFacts> = {}): LicenseFacts {
  return {
    term: "days",
    issuedAt: longBefore,
    paidUntil: end,
    extendedUntil: null,
    graceDays: 7,
    revokedAt: null,
    holds: [],
    firstActivatedAt: longBefore,
    ...overrides,
  };
}

const code = (overrides: Partial<LicenseFacts>, now: Date) => assessLicense(facts(overrides), now).code;
const status = (overrides: Partial<LicenseFacts>, now: Date) => assessLicense(facts(overrides), now).status;

test("revoked outranks suspended, suspended outranks expired, expired outranks grace", () => {
  const subscription = { term: "subscription" };
  const inGrace = from(end, dayMs);
  const over = from(end, 8 * dayMs);
  const revokedAt = longBefore;
  const holds = ["staff"];
  const table: [Partial<LicenseFacts>, Date, string, boolean][] = [
    [subscription, longBefore, "VALID", true],
    [subscription, inGrace, "GRACE", true],
    [subscription, over, "EXPIRED", false],
    [{ ...subscription, holds }, longBefore, "SUSPENDED", false],
    [{ ...subscription, holds }, inGrace, "SUSPENDED", false],
    [{ ...subscription, holds }, over, "SUSPENDED", false],
    [{ ...subscription, holds, revokedAt }, longBefore, "REVOKED", false],
    [{ ...subscription, holds, revokedAt }, over, "REVOKED", false],
    [{ ...subscription, revokedAt }, over, "REVOKED", false],
    [{ ...subscription, holds: ["refund:ch_1", "staff"] }, longBefore, "SUSPENDED", false],
  ];
  for (const [overrides, now, expected, valid] of table)
    expect(assessLicense(facts(overrides), now)).toMatchObject({ code: expected, valid, validUntil: end });
});

test("a license is good until the very instant it ends", () => {
  expect(code({}, from(end, -1))).toBe("VALID");
  expect(code({}, end)).toBe("EXPIRED");
  expect(code({}, from(end, 1))).toBe("EXPIRED");
});

test("only a subscription has grace, until the very instant that ends", () => {
  const graceOver = from(end, 7 * dayMs);
  expect(code({ term: "subscription" }, from(end, -1))).toBe("VALID");
  expect(code({ term: "subscription" }, end)).toBe("GRACE");
  expect(code({ term: "subscription" }, from(graceOver, -1))).toBe("GRACE");
  expect(code({ term: "subscription" }, graceOver)).toBe("EXPIRED");
  expect(code({ term: "subscription", graceDays: 0 }, end)).toBe("EXPIRED");
  for (const term of ["days", "perpetual"]) expect(code({ term }, end)).toBe("EXPIRED");
  expect(graceEnd(facts({ term: "subscription" }))).toEqual(graceOver);
  expect(graceEnd(facts({ term: "days" }))).toEqual(end);
});

test("an extension counts when it is later, and never shortens", () => {
  const later = from(end, 10 * dayMs);
  const earlier = from(end, -10 * dayMs);
  expect(validUntil({ paidUntil: end, extendedUntil: later })).toEqual(later);
  expect(validUntil({ paidUntil: end, extendedUntil: earlier })).toEqual(end);
  expect(validUntil({ paidUntil: null, extendedUntil: later })).toEqual(later);
  expect(validUntil({ paidUntil: null, extendedUntil: null })).toBeNull();
  expect(code({ extendedUntil: later }, from(end, dayMs))).toBe("VALID");
  expect(code({ term: "subscription", extendedUntil: later }, from(later, 6 * dayMs))).toBe("GRACE");
});

test("a perpetual license never ends", () => {
  const forever = { term: "perpetual", paidUntil: null };
  const farAway = new Date("9999-12-31T23:59:59Z");
  expect(assessLicense(facts(forever), farAway)).toEqual({
    valid: true,
    code: "VALID",
    status: "active",
    validUntil: null,
  });
  expect(graceEnd(facts({ ...forever, term: "subscription" }))).toBeNull();
});

test("expiring is said in the last thirty days, from the very instant they begin", () => {
  const begins = from(end, -expiringDays * dayMs);
  expect(status({}, from(begins, -1))).toBe("active");
  expect(status({}, begins)).toBe("expiring");
  expect(status({}, from(end, -1))).toBe("expiring");
});

test("unused until the first activation, whatever end it has", () => {
  expect(status({ firstActivatedAt: null }, longBefore)).toBe("unused");
  expect(status({ firstActivatedAt: null, term: "perpetual", paidUntil: null }, end)).toBe("unused");
  // Where both are true the nearer trouble is named.
  expect(status({ firstActivatedAt: null }, from(end, -dayMs))).toBe("expiring");
});
