import { expect, test } from "vitest";
import {
  assessLicense,
  expiringDays,
  type LicenseFacts,
  validUntil,
  worksUntil,
} from "#app/domain/license/assess-license.ts";

const dayMs = 86_400_000;
const end = new Date("2027-01-31T12:00:00Z");
const from = (instant: Date, milliseconds: number) => new Date(instant.getTime() + milliseconds);
const graceUntil = from(end, 7 * dayMs);
const longBefore = from(end, -300 * dayMs);

function facts(overrides: Partial<LicenseFacts> = {}): LicenseFacts {
  return {
    term: "days",
    issuedAt: longBefore,
    paidUntil: end,
    extendedUntil: null,
    graceUntil: null,
    revokedAt: null,
    holds: [],
    firstActivatedAt: longBefore,
    ...overrides,
  };
}

const code = (overrides: Partial<LicenseFacts>, now: Date) => assessLicense(facts(overrides), now).code;
const status = (overrides: Partial<LicenseFacts>, now: Date) => assessLicense(facts(overrides), now).status;

test("revoked outranks suspended, suspended outranks expired, expired outranks grace", () => {
  const subscription = { term: "subscription", graceUntil };
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

test("grace is what is written beyond the paid end, until the very instant it is over", () => {
  expect(code({ graceUntil }, from(end, -1))).toBe("VALID");
  expect(code({ graceUntil }, end)).toBe("GRACE");
  expect(code({ graceUntil }, from(graceUntil, -1))).toBe("GRACE");
  expect(code({ graceUntil }, graceUntil)).toBe("EXPIRED");
  for (const none of [null, end, from(end, -dayMs)])
    expect(code({ graceUntil: none }, end), String(none)).toBe("EXPIRED");
  for (const term of ["subscription", "days", "perpetual"])
    expect(code({ term, graceUntil }, end), term).toBe("GRACE");
});

test("it works until the latest of its paid end, its extension and its grace; without an end, for ever", () => {
  const later = from(graceUntil, dayMs);
  expect(worksUntil(facts())).toEqual(end);
  expect(worksUntil(facts({ graceUntil }))).toEqual(graceUntil);
  expect(worksUntil(facts({ graceUntil, extendedUntil: later }))).toEqual(later);
  expect(worksUntil(facts({ graceUntil: later, extendedUntil: graceUntil }))).toEqual(later);
  expect(worksUntil(facts({ graceUntil: from(end, -dayMs) }))).toEqual(end);
  expect(worksUntil(facts({ paidUntil: null, graceUntil }))).toBeNull();
});

test("an extension counts when it is later, and never shortens", () => {
  const later = from(end, 10 * dayMs);
  const earlier = from(end, -10 * dayMs);
  expect(validUntil({ paidUntil: end, extendedUntil: later })).toEqual(later);
  expect(validUntil({ paidUntil: end, extendedUntil: earlier })).toEqual(end);
  expect(validUntil({ paidUntil: null, extendedUntil: later })).toEqual(later);
  expect(validUntil({ paidUntil: null, extendedUntil: null })).toBeNull();
  expect(code({ extendedUntil: later }, from(end, dayMs))).toBe("VALID");
  // Grace is counted from what was paid for; what staff granted on top has none.
  expect(code({ graceUntil, extendedUntil: later }, from(later, 1))).toBe("EXPIRED");
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

test("what renews by itself is not called expiring; what was canceled or has a fixed end is", () => {
  const soon = from(end, -10 * dayMs);
  expect(status({ term: "subscription", graceUntil }, soon)).toBe("active");
  expect(status({ term: "subscription", graceUntil, firstActivatedAt: null }, soon)).toBe("unused");
  expect(status({ term: "subscription", graceUntil: null }, soon)).toBe("expiring");
  expect(status({}, soon)).toBe("expiring");
  // Staff's grant outlasts the grace: nothing renews at its end.
  expect(status({ graceUntil, extendedUntil: from(end, 20 * dayMs) }, soon)).toBe("expiring");
});
