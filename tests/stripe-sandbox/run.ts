// `npm run test:stripe -- --key sk_test_…`: the main scenarios against a real Stripe sandbox, with test clocks, and what
// stripe.md leaves open. Uses a database of its own that is gone afterwards. `--api-base` runs it against the stand-in.
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { closeDb } from "#app/infra/db.server.ts";
import { parseEnv, setRuntimeEnv } from "#app/infra/env.server.ts";
import { createTestDatabase, startTestDatabaseServer } from "#tests/setup/database.ts";
import { lives } from "#tests/stripe-sandbox/lives.ts";
import { openPoints } from "#tests/stripe-sandbox/open-points.ts";
import { openSandbox, type Sandbox } from "#tests/stripe-sandbox/sandbox.ts";

const { values } = parseArgs({
  options: {
    key: { type: "string" },
    "api-base": { type: "string" },
    "skip-open-points": { type: "boolean", default: false },
  },
});

const key = (values.key ?? process.env.STRIPE_TEST_KEY ?? "").trim();
const problem = whyUnusable(key);
if (problem) {
  console.error(problem);
  process.exit(2);
}

const { server, stop } = await startTestDatabaseServer();
let failed = 0;
try {
  const database = await createTestDatabase(server);
  process.env.LOG_LEVEL = "silent";
  setRuntimeEnv({
    ...parseEnv({
      LOG_LEVEL: "silent",
      STRIPE_SECRET_KEY: key,
      ...(values["api-base"] && { STRIPE_API_BASE: values["api-base"] }),
    }),
    databaseUrl: database.url,
    masterKey: randomBytes(32),
  });
  const sandbox = await openSandbox();
  try {
    for (const life of lives) failed += (await run(life.name, () => life.play(sandbox))) ? 0 : 1;
    if (!values["skip-open-points"]) await answerOpenPoints(sandbox);
  } finally {
    await sandbox.cleanUp();
    await closeDb();
    await database.drop();
  }
} finally {
  await stop();
}
console.log(`${lives.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Only test keys: these scenarios buy, refund and dispute. */
function whyUnusable(given: string): string | null {
  if (given === "")
    return "No key: run `npm run test:stripe -- --key sk_test_…` with the secret key of a Stripe sandbox, or set STRIPE_TEST_KEY.";
  if (/^(sk|rk)_live_/.test(given))
    return "That is a live key. These scenarios buy, refund and dispute: use the key of a sandbox, sk_test_….";
  if (!/^(sk|rk)_test_\w+$/.test(given))
    return "That is no Stripe key. A sandbox's secret key begins with sk_test_ (Developers → API keys).";
  return null;
}

async function run(name: string, play: () => Promise<void>): Promise<boolean> {
  const started = performance.now();
  try {
    await play();
    console.log(`passed  ${name} (${Math.round(performance.now() - started)} ms)`);
    return true;
  } catch (error) {
    console.log(`FAILED  ${name}: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

/** Findings, not checks: what Stripe does is what is right, and the code is written for either answer. */
async function answerOpenPoints(sandbox: Sandbox): Promise<void> {
  console.log("\nWhat stripe.md section 7 leaves open:");
  for (const point of openPoints) {
    const answer = await point
      .ask(sandbox)
      .catch(
        (error: unknown) => `could not be asked: ${error instanceof Error ? error.message : String(error)}`,
      );
    console.log(`${point.number}. ${point.question}\n   assumed: ${point.assumed}\n   Stripe:  ${answer}`);
  }
}
