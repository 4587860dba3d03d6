import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { z } from "zod";
import { findOrInstallChromium } from "#tests/setup/chromium.ts";

// `npm test`: every check there is, each report read back, and one line at the end that adds them up.

type Tally = { passed: number; failed: number };

const VitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  testResults: z.array(
    z.object({ name: z.string(), status: z.string(), assertionResults: z.array(z.unknown()) }),
  ),
});
const JourneyReport = z.object({
  stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number(), skipped: z.number() }),
  errors: z.array(z.unknown()),
});

function run(command: string, args: string[], env: Record<string, string> = {}): boolean {
  console.log(`\n> ${command} ${args.join(" ")}`);
  return spawnSync(command, args, { stdio: "inherit", env: { ...process.env, ...env } }).status === 0;
}

/** A check without a report of its own counts as one. */
function check(command: string, args: string[]): Tally {
  return run(command, args) ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function readReport<T>(file: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    console.error(`The report ${file} is missing or unreadable: ${String(error)}`);
    return null;
  }
}

function unitTests(): Tally {
  const ok = run("npx", [
    "vitest",
    "run",
    "--reporter=default",
    "--reporter=json",
    "--outputFile.json=reports/unit.json",
  ]);
  const report = readReport("reports/unit.json", VitestReport);
  if (!report) return { passed: 0, failed: 1 };
  // A file that could not be loaded has no tests to count, and a skipped test is not a passed one.
  const broken = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  const failed = report.numFailedTests + report.numPendingTests + broken.length;
  return { passed: report.numPassedTests, failed: failed || (ok ? 0 : 1) };
}

function journeys(): Tally {
  const ok = run("npx", ["playwright", "test"]);
  const report = readReport("reports/journeys.json", JourneyReport);
  if (!report) return { passed: 0, failed: 1 };
  const { expected, unexpected, flaky, skipped } = report.stats;
  const failed = unexpected + flaky + skipped + report.errors.length;
  return { passed: expected, failed: failed || (ok ? 0 : 1) };
}

rmSync("reports", { recursive: true, force: true });
mkdirSync("reports");
process.env.CHROMIUM_PATH = findOrInstallChromium();
const tallies: [string, Tally][] = [
  ["build", check("npm", ["run", "-s", "build"])],
  ["types", check("npx", ["tsc", "--noEmit"])],
  ["style", check("npx", ["biome", "check", "."])],
  ["tests", unitTests()],
  ["journeys", journeys()],
];
console.log("");
for (const [name, { passed, failed }] of tallies) console.log(`${name}: ${passed} passed, ${failed} failed`);
const sum = tallies.reduce((a, [, b]) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed }), {
  passed: 0,
  failed: 0,
});
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exit(sum.failed === 0 ? 0 : 1);
