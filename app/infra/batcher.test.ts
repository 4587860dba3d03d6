import { expect, test } from "vitest";
import { createBatcher } from "#app/infra/batcher.ts";

test("questions that arrive together share an answer each in their order, within the bounds", async () => {
  const sizes: number[] = [];
  let underWay = 0;
  let most = 0;
  const { ask } = createBatcher<number, string>({
    maxUnderWay: 2,
    maxBatch: 3,
    answer: async (batch) => {
      sizes.push(batch.length);
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay--;
      return batch.map(String);
    },
  });
  const asked = Array.from({ length: 8 }, (_, index) => index);
  expect(await Promise.all(asked.map(ask))).toEqual(asked.map(String));
  expect(sizes).toEqual([3, 3, 2]);
  expect(most).toBe(2);
  expect(await ask(9)).toBe("9");
});

test("a failure is told to each of its batch and to no other, and the next ones are answered", async () => {
  const { ask } = createBatcher<string, string>({
    maxUnderWay: 1,
    maxBatch: 2,
    answer: async (batch) => {
      if (batch.includes("bad")) throw new Error("no answer");
      return batch;
    },
  });
  const outcomes = await Promise.allSettled(["bad", "beside", "good"].map(ask));
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
  expect(await ask("later")).toBe("later");
});
