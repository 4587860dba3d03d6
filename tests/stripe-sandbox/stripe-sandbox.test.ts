import { spawn } from "node:child_process";
import { expect, onTestFinished, test } from "vitest";
import { lives } from "#tests/stripe-sandbox/lives.ts";
import { startStripeStandIn } from "#tests/stripe-stand-in/server.ts";

/** `npm run test:stripe` with these arguments, and nothing of ours in its environment. */
function run(args: string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((done) => {
    const { STRIPE_TEST_KEY: _key, ...env } = process.env;
    const child = spawn(process.execPath, ["--import", "tsx", "tests/stripe-sandbox/run.ts", ...args], {
      env,
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on("close", (code) => done({ code, output }));
  });
}

test("without a sandbox's key the check says which one it needs, and does nothing", async () => {
  const wrong: [args: string[], said: RegExp][] = [
    [[], /^No key: .*--key sk_test_/],
    [["--key", "sk_live_abc"], /^That is a live key\./],
    [["--key", "hello"], /^That is no Stripe key\./],
  ];
  for (const [args, said] of wrong) {
    const { code, output } = await run(args);
    expect(output).toMatch(said);
    expect(code).toBe(2);
  }
});

test("the same check passes against the stand-in, so that both are played alike", async () => {
  const standIn = await startStripeStandIn();
  onTestFinished(() => standIn.stop());
  const { code, output } = await run(["--key", "sk_test_check", "--api-base", standIn.apiBase]);
  expect(output).toContain(`${lives.length} passed, 0 failed`);
  expect(code).toBe(0);
}, 120_000);
