import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { mutations } from "#tests/mutations/mutations.ts";

// `npm run mutations` makes them one after the other and takes minutes; this keeps the list true to the sources.

test("each known mistake changes exactly one place of today's sources", () => {
  const astray = mutations.filter(({ file, find }) => readFileSync(file, "utf8").split(find).length !== 2);
  expect(astray.map(({ name }) => name)).toEqual([]);
});

test("each known mistake has a name of its own and tests that exist", () => {
  expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length);
  const files = mutations.flatMap(({ tests }) => tests);
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
});
