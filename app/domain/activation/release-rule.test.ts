import fc from "fast-check";
import { expect, test } from "vitest";
import {
  judgeRelease,
  releasePolicyWords,
  releaseRefusalWords,
} from "#app/domain/activation/release-rule.ts";

const now = new Date("2026-11-21T12:00:00Z");
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000);
const daysAgo = (days: number) => hoursAgo(24 * days);
const policy = { limit: 3, windowDays: 30, cooldownHours: 0 };
const judge = (releases: Date[], chosen: Partial<typeof policy> | { limit: null } = {}) =>
  judgeRelease({ ...policy, ...chosen, releases, now });
const yes = { allowed: true, retryAt: null };

test("three in thirty days are allowed, the fourth when the first of them is thirty days old", () => {
  expect(judge([])).toEqual(yes);
  expect(judge([daysAgo(1), daysAgo(2)])).toEqual(yes);
  expect(judge([daysAgo(1), daysAgo(29), daysAgo(2)])).toEqual({
    allowed: false,
    retryAt: new Date("2026-11-22T12:00:00Z"),
  });
  expect(judge([daysAgo(1), daysAgo(30), daysAgo(2)])).toEqual(yes);
});

test("after a lower limit the one counts that has to leave before there is room", () => {
  const releases = [daysAgo(20), daysAgo(10), daysAgo(5)];
  expect(judge(releases, { limit: 1 }).retryAt).toEqual(new Date("2026-12-16T12:00:00Z"));
  expect(judge(releases, { limit: 2 }).retryAt).toEqual(new Date("2026-12-11T12:00:00Z"));
});

test("the time between two releases is kept, also where any number is allowed", () => {
  const chosen = { limit: null, cooldownHours: 24 };
  expect(judge([hoursAgo(23)], chosen)).toEqual({
    allowed: false,
    retryAt: new Date("2026-11-21T13:00:00Z"),
  });
  expect(judge([hoursAgo(24)], chosen)).toEqual(yes);
  expect(judge([daysAgo(1), daysAgo(2), daysAgo(3)], { cooldownHours: 48 }).retryAt).toEqual(
    new Date("2026-12-18T12:00:00Z"),
  );
});

test("none means none, without a day on which it changes", () => {
  expect(judge([], { limit: 0 })).toEqual({ allowed: false, retryAt: null });
});

test("whatever was released: at the time it names it is allowed, and a moment before it is not", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 12 }),
      fc.option(fc.integer({ min: 1, max: 5 }), { nil: null }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 0, max: 100 }),
      (hours, limit, windowDays, cooldownHours) => {
        const releases = hours.map(hoursAgo);
        const at = (then: Date) => judgeRelease({ limit, windowDays, cooldownHours, releases, now: then });
        const { allowed, retryAt } = at(now);
        expect(allowed).toBe(retryAt === null);
        if (!retryAt) return;
        expect(at(retryAt).allowed).toBe(true);
        expect(at(new Date(retryAt.getTime() - 1)).allowed).toBe(false);
      },
    ),
  );
});

test("policy and refusal are told in words", () => {
  expect(releasePolicyWords(policy)).toBe("You can release 3 devices yourself within 30 days.");
  expect(releasePolicyWords({ limit: 1, windowDays: 1, cooldownHours: 12 })).toBe(
    "You can release one device yourself within a day, with at least 12 hours in between.",
  );
  expect(releasePolicyWords({ ...policy, limit: null })).toBe(
    "You can release devices yourself as often as you like.",
  );
  expect(releasePolicyWords({ ...policy, limit: 0 })).toMatch(/Contact us/);
  expect(releaseRefusalWords({ allowed: false, retryAt: new Date("2026-11-22T12:00:00.500Z") })).toContain(
    "from 22 Nov 2026, 12:01 UTC on",
  );
  expect(releaseRefusalWords({ allowed: false, retryAt: null })).toMatch(/Contact us/);
});
