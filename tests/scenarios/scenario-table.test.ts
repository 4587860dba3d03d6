import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { scenarios } from "#tests/scenarios/scenario-list.ts";
import { scenarioTable, testedNumbers, withTable } from "#tests/scenarios/scenario-table.ts";

test("every scenario has a test that is named by its number", () => {
  const tested = testedNumbers();
  expect([...scenarios.keys()].filter((number) => !tested.has(number))).toEqual([]);
});

test("the table of the guide lists every scenario, and none without a test", () => {
  const guide = readFileSync("docs/stripe.md", "utf8");
  const rows = guide.split("\n").filter((line) => /^\| S\d/.test(line));
  expect(rows.map((row) => row.split("|")[1]?.trim())).toEqual([...scenarios.keys()]);
  expect(rows.filter((row) => row.includes("no test") || row.includes("failed"))).toEqual([]);
});

test("the table counts what passed and failed, and names the files", () => {
  const table = scenarioTable(
    {
      testResults: [
        {
          name: "/repo/tests/scenarios/a.test.ts",
          assertionResults: [
            { title: "S48 renewal: in order", status: "passed" },
            { title: "S48 renewal: doubled", status: "failed" },
            { title: "something else", status: "failed" },
          ],
        },
      ],
    },
    "/repo",
  );
  expect(table).toContain("| S48 | renewal | `tests/scenarios/a.test.ts` | 1 failed, 1 passed |");
  expect(table).toContain("| S49 | rollover event only, then the timer |  | no test |");
  expect(withTable("a\n<!-- scenarios:begin -->\nold\n<!-- scenarios:end -->\nb", "new")).toBe(
    "a\n<!-- scenarios:begin -->\n\nnew\n\n<!-- scenarios:end -->\nb",
  );
});
