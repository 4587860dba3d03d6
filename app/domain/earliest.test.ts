import { expect, test } from "vitest";
import { earliest } from "#app/domain/earliest.ts";

const sooner = new Date("2026-11-21T10:00:00Z");
const later = new Date("2026-11-21T10:00:01Z");

test("the earliest of several dates is found wherever it stands, and what is missing does not count", () => {
  expect(earliest(sooner, later)).toBe(sooner);
  expect(earliest(later, null, sooner)).toBe(sooner);
  expect(earliest(null, later)).toBe(later);
});

test("of no dates none is the earliest", () => {
  expect(earliest()).toBeNull();
  expect(earliest(null, null)).toBeNull();
});
