import { expect, test } from "vitest";
import { formatDate, formatDateTime } from "#app/ui/time.tsx";

test.each([
  ["2026-11-21T14:05:33.120Z", "21 Nov 2026, 14:05 UTC"],
  ["2027-01-01T00:00:00Z", "1 Jan 2027, 00:00 UTC"],
  ["2026-12-31T23:59:59+02:00", "31 Dec 2026, 21:59 UTC"],
])("%s is written %s, whatever zone the reader is in", (at, expected) => {
  expect(formatDateTime(at)).toBe(expected);
});

test("a date is the day in UTC", () => {
  expect(formatDate(new Date("2026-09-30T23:30:00-01:00"))).toBe("1 Oct 2026");
});
