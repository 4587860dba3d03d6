import { expect, test } from "vitest";
import { seededRandom } from "./random.ts";
import { createTimerQueue } from "./timer-queue.ts";

test("entries leave by time, and in the order of their arrival within one moment", () => {
  const random = seededRandom(5);
  const entries = Array.from({ length: 500 }, (_, index) => ({
    id: `timer_${index}`,
    at: Math.floor(random() * 60),
  }));
  const queue = createTimerQueue();
  const left: typeof entries = [];
  const takeFirst = () => {
    const first = queue.first();
    if (first !== undefined) left.push({ id: first.id, at: first.at });
    queue.removeFirst();
  };
  for (const entry of entries) queue.push(entry);
  while (queue.first() !== undefined) takeFirst();
  // Array.sort keeps the order of what is equal.
  expect(left).toEqual([...entries].sort((a, b) => a.at - b.at));
  queue.removeFirst();
  expect(queue.first()).toBeUndefined();
});
