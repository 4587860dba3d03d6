import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { findLicense } from "#app/domain/activation/find-license.server.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { findManagedLicense } from "#app/domain/license/managed-license.queries.server.ts";
import { rotateKey } from "#app/domain/license/rotate-key.server.ts";
import { loadRecentSettings } from "#app/domain/setting/recent-settings.server.ts";
import { db } from "#app/infra/db.server.ts";
import { aLicense, aPolicy, aProduct, aStaffMember } from "#tests/factories.ts";
import { runCommandFile } from "#tests/setup/run-command-file.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

const env = await useTestRuntime();
const folder = await mkdtemp(join(tmpdir(), "latchkey-import-"));
afterAll(() => rm(folder, { recursive: true }));
const product = await aProduct({ slug: "lumen" });
await aPolicy({ productId: product.id, slug: "lumen-pro", deviceLimit: 3 });
await aPolicy({ productId: product.id, slug: "lumen-team", deviceLimit: 50 });
await aPolicy({ productId: product.id, slug: "lumen-monthly", term: "subscription" });

/** `npm run licenses -- import FILE …`, as loud as it can be. */
async function importFile(contents: string | Uint8Array, ...options: string[]) {
  const file = join(folder, "licenses");
  await writeFile(file, contents);
  return licenses("import", file, ...options);
}

const licenses = (...args: string[]) =>
  runCommandFile(env, "app/commands/licenses.ts", args, { variables: { LOG_LEVEL: "trace" } });

const good = `key,policy,email,name,validUntil,deviceLimit,metadata.order
38b1460a-5104-4067-a91d-77b872934d51,lumen-pro,Ada@Example.com,Ada,2027-12-03,,1001
A1B2C3-D4E5F6-071829-3A4B5C-6D7E8F,lumen-team,,,never,unlimited,
K7QP-3MXW-9RTV-2HNB,lumen-monthly,ada@example.com,,2025-01-31T00:00:00.000000Z,1,`;

test("with one wrong line nothing is written, and each is told by its number without its key", async () => {
  const ours = readKey(await aLicense({ productId: product.id }));
  const wrong = `${good}
A1B2 C3D4E5F6 071829 3a4b5c6d7e8f,lumen-pro,,,,,
${ours},lumen-pro,,,,,
HALF-0001-HALF,lumen-max,,,,,
HALF-0002-HALF,lumen-monthly,,,,,
HALF-0003-HALF,lumen-pro,nobody,,,,
HALF-0004-HALF,lumen-pro,,,,0,
TEST-7K3M-9QWE-0123-4567-89AB-CDEF-GHJK,lumen-pro,,,,,
HALF-0005-HALF,lumen-pro,,,soon,,`;
  const refused = await importFile(wrong);
  expect([refused.code, refused.stdout]).toEqual([1, ""]);
  const told = refused.stderr.split("\n");
  expect(told[0]).toBe("Nothing was imported. 8 licenses of 11 cannot be:");
  const reasons = [
    /line 5: key: line 3 has the same one/,
    /line 6: key: there is a license with this key/,
    /line 7: policy: /,
    /line 8: validUntil: /,
    /line 9: email: /,
    /line 10: deviceLimit: /,
    /line 11: key: .*check characters/,
    /line 12: validUntil: /,
  ];
  for (const [at, reason] of reasons.entries()) expect(told[at + 1]).toMatch(reason);
  for (const secret of ["HALF", ours, "A1B2"]) expect(refused.stderr).not.toContain(secret);
  expect(await db().license.count()).toBe(1);
  expect(await db().customer.count({ where: { email: "ada@example.com" } })).toBe(0);
  expect(await db().setting.count()).toBe(0);

  const skipped = await importFile(wrong, "--skip-wrong");
  expect([skipped.code, skipped.stdout]).toEqual([0, "3 licenses imported.\n"]);
  expect(skipped.stderr).toMatch(/^Left out: 8 licenses\.\n {2}line 5: /);
}, 120_000);

test("imported licenses have their owners, ends, limits and notes, and repeating the import makes none", async () => {
  await loadRecentSettings();
  const now = new Date();
  const [uuid, team, ended] = await Promise.all(
    ["38B1460A51044067A91D77B872934D51", "a1b2c3 d4e5f6 071829 3a4b5c 6d7e8f", "k7qp-3mxw-9rtv-2hnb"].map(
      (key) => findManagedLicense(key, now),
    ),
  );
  expect(uuid).toMatchObject({
    ...{ key: "38b1460a-5104-4067-a91d-77b872934d51", maskedKey: "••••-4d51", deviceLimit: 3 },
    ...{ customer: { email: "ada@example.com", name: "Ada" }, metadata: { order: "1001" } },
    facts: { paidUntil: new Date("2027-12-03T23:59:59.999Z") },
  });
  expect(team).toMatchObject({ customer: null, deviceLimit: null, facts: { paidUntil: null } });
  expect(ended).toMatchObject({ deviceLimit: 1, facts: { paidUntil: new Date("2025-01-31T00:00:00Z") } });
  expect(ended?.customer?.id).toBe(uuid?.customer?.id);
  expect((await findLicense({ key: " 38B1460A-5104-4067-A91D-77B872934D51" }, now))?.id).toBe(uuid?.id);
  const audited = await db().auditLog.findFirst({
    where: { licenseId: team?.id ?? "", event: "license.issued" },
  });
  expect(audited).toMatchObject({
    ...{ actorLabel: "npm run licenses", reason: "Imported from a file" },
    after: { imported: true },
  });

  const member = await aStaffMember();
  const actor = { type: "staff", id: member.id, label: member.email } as const;
  await rotateKey({ licenseId: team?.id ?? "", overlapHours: 0, actor, now, requestId: null });
  expect(await importFile(good)).toMatchObject({
    ...{ code: 0, stderr: "" },
    stdout: "0 licenses imported.\nAlready there: 3 licenses.\n",
  });
  const elsewhere = await importFile(good.replace("lumen-team", "lumen-pro"));
  expect(elsewhere).toMatchObject({ code: 1, stdout: "" });
  expect(elsewhere.stderr).toContain(
    "line 3: key: there is a license with this key, and its policy is another one",
  );
}, 120_000);

test("a JSON array of many licenses is imported in parts", async () => {
  const many = Array.from({ length: 120 }, (_, n) => ({ key: `JSON-${1000 + n}-MANY`, policy: "lumen-pro" }));
  expect(await importFile(JSON.stringify(many))).toMatchObject({
    stdout: "120 licenses imported.\n",
    stderr: "",
  });
  expect(await db().license.count({ where: { keyLastGroup: "MANY" } })).toBe(120);
}, 120_000);

test.each([
  ["latin-1", Uint8Array.from([0x6b, 0x65, 0x79, 0xe4]), /no UTF-8/],
  ["an unknown column", "Key,policy\nA,b", /"Key"/],
])(
  "a file that cannot be read, %s, says why",
  async (_what, contents, reason) => {
    const refused = await importFile(contents);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(reason);
  },
  120_000,
);

test("wrong use shows the right one", async () => {
  for (const args of [[], ["import"], ["export", "x"], ["import", "x", "--skip"]])
    expect((await licenses(...args)).stderr).toContain("npm run licenses -- import FILE");
  expect((await licenses("import", join(folder, "nothing"))).stderr).toContain("cannot be read");
}, 120_000);
