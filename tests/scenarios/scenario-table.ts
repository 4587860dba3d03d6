import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { numberOf, scenarios } from "#tests/scenarios/scenario-list.ts";

// `node --import tsx tests/scenarios/scenario-table.ts [report]`: writes the table of docs/stripe.md from the report
// of the last `npm test`.

const document = "docs/stripe.md";
const [begin, end] = ["<!-- scenarios:begin -->", "<!-- scenarios:end -->"];

const Report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(z.object({ title: z.string(), status: z.string() })),
    }),
  ),
});

type Result = { files: Set<string>; passed: number; failed: number };

/** The table of all scenarios: number, what, where, result. A scenario no test ran for is said to have none. */
export function scenarioTable(report: z.infer<typeof Report>, root = process.cwd()): string {
  const results = new Map<string, Result>();
  for (const { name, assertionResults } of report.testResults)
    for (const { title, status } of assertionResults) {
      const number = numberOf(title);
      if (!number) continue;
      const result = results.get(number) ?? { files: new Set(), passed: 0, failed: 0 };
      result.files.add(relative(root, name));
      if (status === "passed") result.passed++;
      else result.failed++;
      results.set(number, result);
    }
  const rows = [...scenarios].map(([number, what]) => {
    const result = results.get(number);
    const files = [...(result?.files ?? [])].sort().map((file) => `\`${file}\``);
    return `| ${number} | ${what} | ${files.join(", ")} | ${result ? resultWords(result) : "no test"} |`;
  });
  return ["| Number | What | Test | Result |", "|---|---|---|---|", ...rows].join("\n");
}

function resultWords({ passed, failed }: Result): string {
  return failed === 0 ? `${passed} passed` : `${failed} failed, ${passed} passed`;
}

/** The document with the table in its place. */
export function withTable(text: string, table: string): string {
  const [head, rest] = text.split(begin);
  const tail = rest?.split(end)[1];
  if (head === undefined || tail === undefined)
    throw new Error(`${document} has no place for the table: ${begin} and ${end} are missing.`);
  return `${head}${begin}\n\n${table}\n\n${end}${tail}`;
}

/** Numbers that some test in the sources is named by. */
export function testedNumbers(folder = "tests"): Set<string> {
  const numbers = new Set<string>();
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".test.ts")) continue;
    const source = readFileSync(join(folder, name), "utf8");
    for (const [, quoted] of source.matchAll(/["`](S\d{2,3}[a-c]?\b)/g)) {
      const number = numberOf(quoted ?? "");
      if (number) numbers.add(number);
    }
  }
  return numbers;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const report = Report.parse(JSON.parse(readFileSync(process.argv[2] ?? "reports/unit.json", "utf8")));
  writeFileSync(document, withTable(readFileSync(document, "utf8"), scenarioTable(report)));
}
