import fc from "fast-check";
import { expect, test } from "vitest";
import { maxAttempts, retryDelaySeconds } from "#app/domain/email-outbox/retry-schedule.ts";

test("each wait is longer than the one before, until the mail is given up", () => {
  const delays = Array.from({ length: maxAttempts }, (_, index) => retryDelaySeconds(index + 1, 0));
  expect(delays).toEqual([30, 120, 600, 1800, 7200, 21_600, 43_200, null]);
});

test("a mail is given up after about a day, whatever the jitter", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 7, maxLength: 7 }),
      (randoms) => {
        const hours =
          randoms.reduce((sum, random, index) => sum + (retryDelaySeconds(index + 1, random) ?? 0), 0) / 3600;
        expect(hours).toBeGreaterThan(20);
        expect(hours).toBeLessThanOrEqual(24);
      },
    ),
  );
});
