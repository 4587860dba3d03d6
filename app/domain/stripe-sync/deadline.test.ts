import { expect, test } from "vitest";
import { DeadlinePassed, withDeadline } from "#app/domain/stripe-sync/deadline.ts";

const after = <T>(milliseconds: number, end: () => T) =>
  new Promise<T>((resolve, reject) => {
    setTimeout(() => {
      try {
        resolve(end());
      } catch (error) {
        reject(error);
      }
    }, milliseconds);
  });

test("what comes in time is passed on, failures too", async () => {
  expect(await withDeadline(Promise.resolve(7), 1_000, "late")).toBe(7);
  const failing = withDeadline(Promise.reject(new Error("refused")), 1_000, "late");
  await expect(failing).rejects.toThrow("refused");
});

test("what takes longer is given up, and what becomes of it later bothers nobody", async () => {
  const failsLater = after(60, () => {
    throw new Error("nobody listens any more");
  });
  await expect(withDeadline(failsLater, 10, "Too slow.")).rejects.toThrow(DeadlinePassed);
  await after(100, () => undefined);
});
