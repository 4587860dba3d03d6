import { spawn } from "node:child_process";
import { expect, test } from "vitest";

test("kills at random moments of two dozen purchases lose and double nothing", async () => {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "tests/crash/kill-purchases.ts", "--purchases", "24", "--age-leases"],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let printed = "";
  const keep = (chunk: Buffer) => {
    printed += chunk.toString();
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  console.log(printed);
  expect(printed).toContain("Nothing lost, nothing doubled.");
  expect(code).toBe(0);
  expect(Number(/(\d+) kills/.exec(printed)?.[1])).toBeGreaterThanOrEqual(5);
}, 180_000);
