import { expect, test } from "vitest";
import { keyFragment, keyHolds } from "#app/domain/license/key-fragment.ts";

const prefixes = ["LUMEN", "NOVA"];
const key = "NOVA-7K3M-9QWE-0123-4567-89AB-CDEF-GHJK";

test.each([
  ["7k3m", { prefix: null, runs: ["7K3M"], groups: ["7K3M"] }],
  ["nova-7K3M-9QWE", { prefix: "NOVA", runs: ["7K3M9QWE"], groups: ["7K3M", "9QWE"] }],
  ["NOVA-••••-••••-••••-••••-••••-••••-GHJK", { prefix: "NOVA", runs: ["GHJK"], groups: ["GHJK"] }],
  ["3M-9QWE-O1", { prefix: null, runs: ["3M9QWE01"], groups: ["9QWE"] }],
  ["7K3M9QWE…GHJK", { prefix: null, runs: ["7K3M9QWE", "GHJK"], groups: ["7K3M", "9QWE", "GHJK"] }],
  // A group may spell like a prefix; alone it is looked up as a group.
  ["NOVA", { prefix: null, runs: ["N0VA"], groups: ["N0VA"] }],
])("%s is read as part of a key", (typed, fragment) => {
  expect(keyFragment(typed, prefixes)).toEqual(fragment);
});

test.each(["", "7K3", "7K-3M", "LUMEN", "7K3M-UUUU", "••••", "0".repeat(32)])("%j is not", (typed) => {
  expect(keyFragment(typed, prefixes)).toBeNull();
});

test("a key holds its stretches in their order only", () => {
  const holds = (typed: string) => {
    const fragment = keyFragment(typed, prefixes);
    return fragment !== null && keyHolds(key, fragment);
  };
  expect(holds("7K3M-9QWE")).toBe(true);
  expect(holds("7K3M…4567…GHJK")).toBe(true);
  expect(holds("9QWE-7K3M")).toBe(false);
  expect(holds("7K3M-0123")).toBe(false);
  expect(holds("GHJK…7K3M")).toBe(false);
});
