import { expect, test } from "vitest";
import { worksUntilWords } from "#app/domain/license/end-words.ts";
import { holdRemedy } from "#app/domain/license/hold-remedies.ts";

const day = (month: number, date: number) => new Date(Date.UTC(2026, month - 1, date, 12));
const today = { held: false, now: day(11, 21) };
const none = { paidUntil: null, extendedUntil: null, graceUntil: null };

test("an end is told with what makes it", () => {
  expect(worksUntilWords(none, today)).toBe("Works without an end.");
  expect(worksUntilWords({ ...none, paidUntil: day(12, 3) }, today)).toBe(
    "Works until 3 Dec 2026, the end of what is paid.",
  );
  expect(worksUntilWords({ ...none, paidUntil: day(12, 3), graceUntil: day(12, 10) }, today)).toContain(
    "Works until 10 Dec 2026: the later of what is paid (3 Dec 2026) and the grace",
  );
});

test("what is over or on hold is not said to work", () => {
  const ends = { ...none, paidUntil: day(11, 3) };
  expect(worksUntilWords(ends, today)).toBe("Worked until 3 Nov 2026, the end of what is paid.");
  const held = { ...today, held: true };
  expect(worksUntilWords({ ...none, paidUntil: day(12, 3) }, held)).toContain(
    "Once nothing holds it, it works until 3 Dec 2026",
  );
  expect(worksUntilWords(none, held)).toBe("Once nothing holds it, it works without an end.");
});

test("an extension is told with what is paid, and what a later renewal does to it", () => {
  const words = worksUntilWords({ ...none, paidUntil: day(11, 3), extendedUntil: day(12, 3) }, today);
  expect(words).toContain("Works until 3 Dec 2026");
  expect(words).toContain("what is paid (3 Nov 2026)");
  expect(words).toContain("what staff granted (3 Dec 2026)");
  expect(words).toContain("A later renewal does not shorten the extension");
  // What was paid since reaches further.
  expect(worksUntilWords({ ...none, paidUntil: day(12, 20), extendedUntil: day(12, 3) }, today)).toContain(
    "Works until 20 Dec 2026",
  );
});

test("every hold says what ends it", () => {
  expect(holdRemedy("staff")).toContain("Reinstating");
  expect(holdRemedy("unpaid:sub_1")).toContain("paid");
  expect(holdRemedy("dispute:dp_1")).toContain("evidence");
  expect(holdRemedy("something:else")).toContain("settled");
});
