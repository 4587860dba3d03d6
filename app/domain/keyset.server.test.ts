import { expect, test } from "vitest";
import { encodeCursor, isInstant, planPage, toPage } from "#app/domain/keyset.server.ts";
import { canBeId, escapeLike, searchText } from "#app/domain/search-text.ts";

test("a cursor comes back as the values it was made of", () => {
  const at = new Date("2026-11-21T14:05:00.123Z");
  const plan = planPage({ after: encodeCursor(at, "ord_1") }, isInstant);
  expect(plan).toEqual({ cursor: [at.toISOString(), "ord_1"], backwards: false, limit: 25 });
});

test("a mangled cursor shows the first page", () => {
  const forged = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const bad = [
    "%%%",
    "e30",
    forged(["not a date", "x"]),
    forged(["2026-01-01T00:00:00.000Z", 1]),
    forged(["-100000-01-01T00:00:00.000Z", "x"]),
    forged(["2026-01-01T00:00:00.000Z", "\u0000"]),
    forged(["2026-99-99T00:00:00.000Z", "x"]),
  ];
  for (const after of bad) expect(planPage({ after }, isInstant).cursor, after).toBeNull();
});

test("only the ends of a list have no neighbor", () => {
  const cursorOf = (n: number) => String(n);
  const at: [string, string] = ["2026-01-01T00:00:00.000Z", "x"];
  expect(toPage([1, 2, 3], { cursor: null, backwards: false, limit: 2 }, cursorOf)).toEqual({
    rows: [1, 2],
    previous: null,
    next: "2",
  });
  expect(toPage([3], { cursor: at, backwards: false, limit: 2 }, cursorOf)).toEqual({
    rows: [3],
    previous: "3",
    next: null,
  });
  expect(toPage([2, 1], { cursor: at, backwards: true, limit: 2 }, cursorOf)).toEqual({
    rows: [1, 2],
    previous: null,
    next: "2",
  });
});

test("characters with a meaning in a LIKE pattern stand for themselves", () => {
  expect(escapeLike("50%_\\")).toBe("50\\%\\_\\\\");
});

test("what a text column cannot hold is taken out of a search and refused as an id", () => {
  expect(searchText(" a\u0000b ")).toBe("ab");
  expect(searchText(undefined)).toBe("");
  expect(canBeId("lic_1")).toBe(true);
  expect(canBeId("lic_\u0000")).toBe(false);
  expect(canBeId("")).toBe(false);
});
