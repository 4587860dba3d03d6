import { expect, test } from "vitest";
import { worksUntilWords } from "#app/domain/license/end-words.ts";
import { holdRemedy } from "#app/domain/license/hold-remedies.ts";

const day = (month: number, date: number) => new Date(Date.UTC(2026, month - 1, date, 12));
const none = { paidUntil: null, extendedUntil: null, graceUntil: null };

test("an end is told with what makes it", () => {
  expect(worksUntilWords(none)).toBe("Works without an end.");
  expect(worksUntilWords({ ...none, paidUntil: day(12, 3) })).toBe(
    "Works until 3 Dec 2026, the end of what is paid.",
  );
  expect(worksUntilWords({ ...none, paidUntil: day(12, 3), graceUntil: day(12, 10) })).toContain(
    "Works until 10 Dec 2026: the later of what is paid (3 Dec 2026) and the grace",
  );
});

test("an extension is told with what is paid, and what a later renewal does to it", () => {
  const words = worksUntilWords({ ...none, paidUntil: day(11, 3), extendedUntil: day(12, 3) });
  expect(words).toContain("Works until 3 Dec 2026");
  expect(words).toContain("what is paid (3 Nov 2026)");
  expect(words).toContain("what staff granted (3 Dec 2026)");
  expect(words).toContain("A later renewal does not shorten the extension");
  // What was paid since reaches further.
  expect(worksUntilWords({ ...none, paidUntil: day(12, 20), extendedUntil: day(12, 3) })).toContain(
    "Works until 20 Dec 2026",
  );
});

test("every hold says what ends it", () => {
  expect(holdRemedy("staff")).toContain("Reinstating");
  expect(holdRemedy("unpaid:sub_1")).toContain("paid");
  expect(holdRemedy("dispute:dp_1")).toContain("evidence");
  expect(holdRemedy("something:else")).toContain("settled");
});
