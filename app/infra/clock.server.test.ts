import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { currentTime } from "#app/infra/clock.server.ts";
import { parseEnv, setRuntimeEnv } from "#app/infra/env.server.ts";

const runtime = { databaseUrl: "postgresql://nobody@127.0.0.1:1/none", masterKey: Buffer.alloc(32) };

test("time is the machine's where no clock file is named", () => {
  setRuntimeEnv({ ...parseEnv({}), ...runtime });
  expect(Math.abs(currentTime().getTime() - Date.now())).toBeLessThan(1_000);
});

test("beside a stand-in time is as far ahead as its clock file says, and the machine's until there is one", async () => {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-clock-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const clockFile = join(folder, "seconds-ahead");
  const use = (file: string) => setRuntimeEnv({ ...parseEnv({}), ...runtime, clockFile: file });
  use(`${clockFile}-missing`);
  expect(Math.abs(currentTime().getTime() - Date.now())).toBeLessThan(1_000);
  await writeFile(clockFile, "86400.5\n");
  use(clockFile);
  expect(Math.abs(currentTime().getTime() - Date.now() - 86_400_500)).toBeLessThan(1_000);
  await writeFile(`${clockFile}-broken`, "soon");
  use(`${clockFile}-broken`);
  expect(Math.abs(currentTime().getTime() - Date.now())).toBeLessThan(1_000);
});

test("a clock file without a stand-in stops the start", () => {
  expect(() => parseEnv({ CLOCK_FILE: "/tmp/clock" })).toThrow(/CLOCK_FILE/);
  expect(parseEnv({ CLOCK_FILE: "/tmp/clock", STRIPE_API_BASE: "http://127.0.0.1:1" }).clockFile).toBe(
    "/tmp/clock",
  );
});
