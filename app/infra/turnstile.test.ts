import { expect, test } from "vitest";
import { turnstile } from "#app/infra/turnstile.ts";

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}
const tooLate = () => new Error("too late");

test("no more than so many are through at once, the others in the order they came", async () => {
  const { pass } = turnstile({ atOnce: 2, longestWaitMs: 10_000, tooLate });
  const gates = Array.from({ length: 6 }, gate);
  const begun: number[] = [];
  const all = gates.map(({ opened }, index) =>
    pass(async () => {
      begun.push(index);
      await opened;
      return index;
    }),
  );
  await Promise.resolve();
  expect(begun).toEqual([0, 1]);
  for (const [index, { open }] of gates.entries()) {
    open();
    expect(await all[index]).toBe(index);
    expect(begun.length).toBeLessThanOrEqual(index + 3);
  }
  expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
});

test("work that fails gives its turn back", async () => {
  const { pass } = turnstile({ atOnce: 1, longestWaitMs: 10_000, tooLate });
  await expect(pass(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect(await pass(() => Promise.resolve("next"))).toBe("next");
});

test("who waits too long is told so and not begun, and those behind still get their turn", async () => {
  const { pass } = turnstile({ atOnce: 1, longestWaitMs: 20, tooLate });
  const { open, opened } = gate();
  const first = pass(() => opened);
  let isBegun = false;
  const second = pass(async () => {
    isBegun = true;
  });
  await expect(second).rejects.toThrow("too late");
  const third = pass(() => Promise.resolve("third"));
  open();
  await first;
  expect(await third).toBe("third");
  expect(isBegun).toBe(false);
});
