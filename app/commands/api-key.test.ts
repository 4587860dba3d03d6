import { expect, test } from "vitest";
import { findApiKey, getApiKey } from "#app/domain/api-key/api-key.server.ts";
import { isApiKey } from "#app/domain/api-key/api-key.ts";
import { scopes } from "#app/domain/api-key/scopes.ts";
import { db } from "#app/infra/db.server.ts";
import { runCommandFile } from "#tests/setup/run-command-file.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

const env = await useTestRuntime();

/** `npm run api-key -- …`, as loud as it can be. */
async function apiKey(...args: string[]) {
  const outcome = await runCommandFile(env, "app/commands/api-key.ts", args, {
    variables: { LOG_LEVEL: "trace" },
  });
  return { ...outcome, lastLine: outcome.stdout.trimEnd().split("\n").at(-1) ?? "" };
}

/** Asks again and again, as requests would, until the key is refused; the answer is for how long it was not. */
async function millisecondsUntilRefused(key: string, revokedAt: () => Promise<Date | null>): Promise<number> {
  const deadline = Date.now() + 30_000;
  while (await findApiKey(key, new Date())) {
    if (Date.now() > deadline) throw new Error("The key still works after 30 seconds.");
    await new Promise((done) => setTimeout(done, 20));
  }
  const at = await revokedAt();
  return Date.now() - (at?.getTime() ?? 0);
}

test("a key is created, listed, rotated and revoked, and shown nowhere but on the last line", async () => {
  expect((await apiKey("list")).stdout).toBe("There are no API keys yet.\n");
  const created = await apiKey("create", "--name", "Shop", "--scopes", "all", "--expires", "2999-12-31");
  expect([created.code, created.stderr]).toEqual([0, ""]);
  const key = created.lastLine;
  expect(isApiKey(key)).toBe(true);
  expect(created.stdout.split(key)).toHaveLength(2);
  const found = await findApiKey(key, new Date());
  expect(found).toMatchObject({ name: "Shop", scopes: [...scopes] });
  const id = found?.id ?? "";
  expect(await getApiKey(id)).toMatchObject({
    createdBy: "command line",
    expiresAt: new Date("2999-12-31T23:59:59.999Z"),
  });

  const listed = await apiKey("list");
  expect(listed.stdout).toContain(`${id}  active  lk_…${key.slice(-4)}  Shop`);
  expect(listed.stdout).not.toContain(key);

  const rotated = await apiKey("rotate", id, "--overlap", "2");
  expect(rotated.stdout).toMatch(/^The old key works for 2 more hours at most\. Created key_/);
  const fresh = await findApiKey(rotated.lastLine, new Date());
  expect(fresh).toMatchObject({ name: "Shop", scopes: [...scopes] });
  expect((await apiKey("list")).stdout).toMatch(/ {2}replaced {2}/);

  // This process knows the new key and asks about it while another one revokes it.
  const freshId = fresh?.id ?? "";
  const [revoked, took] = await Promise.all([
    apiKey("revoke", freshId),
    millisecondsUntilRefused(rotated.lastLine, async () => (await getApiKey(freshId))?.revokedAt ?? null),
  ]);
  expect(revoked.stdout).toBe(
    `Shop (lk_…${rotated.lastLine.slice(-4)}) is revoked and refused from now on.\n`,
  );
  expect(took).toBeLessThan(1_000);
  const audited = await db().auditLog.findMany({ where: { targetType: "api-key" }, orderBy: { seq: "asc" } });
  expect(audited.map(({ event, actorLabel }) => [event, actorLabel])).toEqual([
    ["api-key.created", "npm run api-key"],
    ["api-key.created", "npm run api-key"],
    ["api-key.rotated", "npm run api-key"],
    ["api-key.revoked", "npm run api-key"],
  ]);
}, 120_000);

test("wrong use is told with the right use, and makes no key", async () => {
  const before = await db().apiKey.count();
  const cases: [args: string[], message: RegExp][] = [
    [[], /^Usage:\n {2}npm run api-key -- create/],
    [["eat"], /^Usage:/],
    [["create"], /--name: .*\n--scopes: .*\nUsage/],
    [
      ["create", "--name", "A", "--scopes", "licenses:eat"],
      /--scopes: A scope is one of licenses:read, .*\nUsage/,
    ],
    [["create", "--name", "A", "--scopes", ""], /--scopes: .*\nUsage/],
    [
      ["create", "--name", "A", "--scopes", "all", "--expires", "2027-02-30"],
      /--expires: Enter a date.*\nUsage/,
    ],
    [
      ["create", "--name", "A", "--scopes", "all", "--expires", "2020-01-01"],
      /^Choose an expiry that is still to come, before the year 10000\.\n$/,
    ],
    [["create", "--nmae", "A"], /--nmae.*\n(.*\n)?Usage/],
    [["rotate", "key_none", "--overlap", "1000"], /--overlap: Enter whole hours from 0 to 720\.\nUsage/],
    [["rotate"], /ID: .*\nUsage/],
    [["rotate", "key_none"], /^There is no API key with this id\.\n$/],
    [["revoke", "key_none"], /^There is no API key with this id\.\n$/],
    [["revoke", "key_none", "key_other"], /^Usage:/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await apiKey(...args);
    expect([code, stdout], args.join(" ")).toEqual([1, ""]);
    expect(stderr, args.join(" ")).toMatch(message);
    expect(stderr).not.toMatch(/ at .*:\d+:\d+/);
  }
  expect(await db().apiKey.count()).toBe(before);
}, 120_000);
