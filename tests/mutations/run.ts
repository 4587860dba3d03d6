// `npm run mutations [-- NAME…]`: makes each known mistake of Stripe integrations (tests/mutations/mutations.ts) in a copy of
// the sources and reports which test notices. Ends with 1 when a mistake goes unnoticed.
import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type Mutation, mutations } from "#tests/mutations/mutations.ts";

type Verdict = { mutation: Mutation; killedBy: string[]; problem: string | null };

const chosen = process.argv.slice(2);
const wanted = mutations.filter(({ name }) => chosen.length === 0 || chosen.includes(name));
if (wanted.length === 0) {
  console.error(`No such mutation. There are: ${mutations.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}

const copy = await mkdtemp(join(tmpdir(), "latchkey-mutations-"));
try {
  await copySources(copy);
  const testFiles = [...new Set(wanted.flatMap(({ tests }) => tests))];
  console.log(`Running ${testFiles.length} test files without any mistake first …`);
  const baseline = await runTests(testFiles);
  if (baseline.failed.length > 0 || baseline.problem) {
    console.error("These fail without any mistake, so nothing can be said:");
    for (const name of baseline.failed) console.error(`  ${name}`);
    if (baseline.problem) console.error(baseline.problem);
    process.exitCode = 1;
  } else {
    const verdicts: Verdict[] = [];
    for (const mutation of wanted) {
      const verdict = await tryMutation(mutation);
      verdicts.push(verdict);
      console.log(`${verdict.killedBy.length > 0 ? "noticed " : "UNNOTICED"} ${inOneLine(verdict)}`);
    }
    const unnoticed = verdicts.filter(({ killedBy }) => killedBy.length === 0);
    console.log(`${verdicts.length - unnoticed.length} noticed, ${unnoticed.length} unnoticed`);
    if (unnoticed.length > 0) process.exitCode = 1;
  }
} finally {
  await rm(copy, { recursive: true, force: true });
}

function inOneLine({ mutation, killedBy, problem }: Verdict): string {
  const by = killedBy.length > 1 ? `${killedBy[0]} and ${killedBy.length - 1} more` : killedBy[0];
  return `${mutation.name}: ${mutation.mistake} → ${by ?? problem ?? "no test failed"}`;
}

async function tryMutation(mutation: Mutation): Promise<Verdict> {
  const file = join(copy, mutation.file);
  const original = await readFile(file, "utf8");
  const pieces = original.split(mutation.find);
  if (pieces.length !== 2)
    return {
      mutation,
      killedBy: [],
      problem: `${mutation.file} has its text ${pieces.length - 1} times; bring the mutation up to date`,
    };
  await writeFile(file, pieces.join(mutation.replace));
  try {
    const { failed, problem } = await runTests(mutation.tests, mutation.only);
    return { mutation, killedBy: failed, problem };
  } finally {
    await writeFile(file, original);
  }
}

/** Everything git knows of, with what is not committed yet, and what the build generates. */
async function copySources(target: string): Promise<void> {
  const listed = await run("git", ["ls-files", "--cached", "--others", "--exclude-standard"], ".");
  for (const file of listed.output.split("\n").filter(Boolean)) {
    await mkdir(dirname(join(target, file)), { recursive: true });
    await cp(file, join(target, file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error; // deleted and not committed yet
    });
  }
  await cp("app/infra/prisma-client", join(target, "app/infra/prisma-client"), { recursive: true });
  await symlink(resolve("node_modules"), join(target, "node_modules"));
}

type Report = { testResults: { message: string; assertionResults: { title: string; status: string }[] }[] };

/** @returns the titles of the tests that failed; `problem` when the run itself did not come to an end. */
async function runTests(
  files: readonly string[],
  only?: string,
): Promise<{ failed: string[]; problem: string | null }> {
  const report = join(copy, "report.json");
  await rm(report, { force: true });
  const { output } = await run(
    join("node_modules", ".bin", "vitest"),
    ["run", ...files, "--reporter=json", `--outputFile=${report}`, "--bail=3", ...(only ? ["-t", only] : [])],
    copy,
  );
  const text = await readFile(report, "utf8").catch(() => null);
  if (text === null) return { failed: [], problem: output.slice(-2_000) };
  const results = (JSON.parse(text) as Report).testResults; // written by vitest in its own shape
  const failed = results.flatMap(({ message, assertionResults }) => {
    const titles = assertionResults.filter(({ status }) => status === "failed").map(({ title }) => title);
    // A file that cannot even be loaded has no results of its own.
    return titles.length === 0 && assertionResults.length === 0 && message
      ? [message.split("\n")[0] ?? ""]
      : titles;
  });
  return { failed, problem: null };
}

function run(program: string, args: string[], cwd: string): Promise<{ output: string }> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, CI: "1" } });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on("error", fail);
    child.on("close", () => done({ output }));
  });
}
