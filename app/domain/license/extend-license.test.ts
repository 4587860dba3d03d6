import fc from "fast-check";
import { expect, test } from "vitest";
import { type Extension, extendedEnd, extensionFrom } from "#app/domain/license/extend-license.ts";

const day = (text: string) => new Date(`${text}T12:00:00.000Z`);
const now = day("2026-11-21");
const period = (count: number, unit: "day" | "month" | "year"): Extension => ({
  kind: "period",
  count,
  unit,
});
const onDate = (date: string): Extension => ({ kind: "date", date });

test.each<[string, Extension, string]>([
  ["2027-01-31", period(1, "month"), "2027-02-28"],
  ["2028-01-31", period(1, "month"), "2028-02-29"],
  ["2027-01-31", period(3, "month"), "2027-04-30"],
  ["2027-08-31", period(1, "month"), "2027-09-30"],
  ["2027-12-31", period(1, "month"), "2028-01-31"],
  ["2027-12-31", period(2, "month"), "2028-02-29"],
  ["2028-02-29", period(1, "year"), "2029-02-28"],
  ["2028-02-29", period(4, "year"), "2032-02-29"],
  ["2027-02-28", period(1, "month"), "2027-03-28"],
  ["2027-03-27", period(30, "day"), "2027-04-26"],
  ["2027-10-30", period(1, "day"), "2027-10-31"],
  ["2026-12-01", period(25, "month"), "2029-01-01"],
])("%s extended by %j ends on %s", (current, extension, expected) => {
  expect(extendedEnd({ current: day(current), extension, now })).toEqual({ ok: true, end: day(expected) });
});

test("an ended license is extended from now, not from its old end", () => {
  expect(extendedEnd({ current: day("2025-01-31"), extension: period(1, "month"), now })).toEqual({
    ok: true,
    end: day("2026-12-21"),
  });
});

test("a date counts to the end of its day in UTC", () => {
  expect(extendedEnd({ current: day("2027-01-31"), extension: onDate("2027-12-03"), now })).toEqual({
    ok: true,
    end: new Date("2027-12-03T23:59:59.999Z"),
  });
});

test("the day of the current end may be completed, and today for an ended license", () => {
  expect(extendedEnd({ current: day("2027-01-31"), extension: onDate("2027-01-31"), now }).ok).toBe(true);
  expect(extendedEnd({ current: day("2026-01-31"), extension: onDate("2026-11-21"), now }).ok).toBe(true);
});

test.each<[string, { current: Date | null; revoked?: boolean; extension: Extension }, RegExp]>([
  [
    "an earlier date",
    { current: day("2027-12-03"), extension: onDate("2027-12-02") },
    /2 Dec 2027 is not after the current end, 3 Dec 2027/,
  ],
  [
    "a day that is over",
    { current: day("2026-01-31"), extension: onDate("2026-11-20") },
    /20 Nov 2026 is over/,
  ],
  ["a day that does not exist", { current: now, extension: onDate("2027-02-30") }, /Enter a date/],
  ["no date at all", { current: now, extension: onDate("") }, /Enter a date/],
  ["another way to write a date", { current: now, extension: onDate("03/12/2027") }, /Enter a date/],
  ["zero", { current: now, extension: period(0, "day") }, /whole number/],
  ["a negative count", { current: now, extension: period(-1, "month") }, /whole number/],
  ["a fraction", { current: now, extension: period(1.5, "year") }, /whole number/],
  ["no number", { current: now, extension: period(Number.NaN, "year") }, /whole number/],
  ["51 years", { current: now, extension: period(51, "year") }, /more than 50 years away.*21 Nov 2076/],
  ["a date beyond 50 years", { current: now, extension: onDate("2076-11-22") }, /more than 50 years/],
  ["an absurd count", { current: now, extension: period(9e15, "year") }, /more than 50 years/],
  ["a license without an end", { current: null, extension: period(1, "year") }, /never ends/],
  ["a revoked license", { current: now, revoked: true, extension: period(1, "year") }, /revoked license/],
])("%s is refused with a sentence", (_, question, sentence) => {
  const answer = extendedEnd({ ...question, now });
  expect(answer.ok).toBe(false);
  if (!answer.ok) expect(answer.problem).toMatch(sentence);
});

test("50 years to the day are allowed", () => {
  expect(extendedEnd({ current: now, extension: period(50, "year"), now }).ok).toBe(true);
});

test("no extension ever shortens a license or ends in the past", () => {
  const date = fc.date({ min: day("2020-01-01"), max: day("2040-12-31"), noInvalidDate: true });
  const extension = fc.oneof(
    fc.record({
      kind: fc.constant("period" as const),
      count: fc.integer({ min: -5, max: 400 }),
      unit: fc.constantFrom("day" as const, "month" as const, "year" as const),
    }),
    date.map((at) => onDate(at.toISOString().slice(0, 10))),
  );
  fc.assert(
    fc.property(date, date, extension, (current, at, granted) => {
      const answer = extendedEnd({ current, extension: granted, now: at });
      if (!answer.ok) return answer.problem.length > 0;
      return answer.end > current && answer.end > at;
    }),
  );
});

test("the fields of the form say how long", () => {
  const choice = { period: "1-year", count: "", unit: "", date: "" };
  expect(extensionFrom(choice)).toEqual(period(1, "year"));
  expect(extensionFrom({ ...choice, period: "30-days" })).toEqual(period(30, "day"));
  expect(extensionFrom({ ...choice, period: "custom", count: "18", unit: "month" })).toEqual(
    period(18, "month"),
  );
  expect(extensionFrom({ ...choice, period: "date", date: "2027-12-03" })).toEqual(onDate("2027-12-03"));
  for (const count of ["", "x", "1.5", "-1", "1e9", "99999999"]) {
    const extension = extensionFrom({ ...choice, period: "custom", count, unit: "day" });
    expect(extendedEnd({ current: now, extension, now }).ok).toBe(false);
  }
});
