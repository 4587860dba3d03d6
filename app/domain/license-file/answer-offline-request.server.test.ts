import { expect, test } from "vitest";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { answerOfflineRequest } from "#app/domain/license-file/answer-offline-request.server.ts";
import { publicKeys } from "#app/domain/signing-key/signing-key.server.ts";
import { db } from "#app/infra/db.server.ts";
import { aLicense, aPolicy, aProduct } from "#tests/factories.ts";
import { loadTypescriptSample } from "#tests/offline/files.ts";
import { offlineRequestText } from "#tests/offline/request.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const verifyFile = await loadTypescriptSample();
const now = new Date("2026-11-21T10:00:00Z");
const product = await aProduct({ slug: "lumen", name: "Lumen" });
const policy = await aPolicy({ productId: product.id, deviceLimit: 1, offlineHours: 48 });
const license = await aLicense({ policyId: policy.id, productId: product.id, deviceLimit: 1 });
const key = readKey(license);
const device = { fingerprint: "fp-1", name: "Lab PC", platform: "windows", appVersion: "3.1" };

const ask = (request: string) => answerOfflineRequest({ request, now, requestId: "req-1" });
const good = offlineRequestText({ key, product: "lumen", ...device });
const activations = () => db().activation.findMany({ where: { licenseId: license.id } });

test("a request gives the device a seat and a file that works there and nowhere else", async () => {
  const answer = await ask(good);
  expect(answer).toMatchObject({ productName: "Lumen", deviceName: "Lab PC", ttlSeconds: 48 * 3_600 });
  const keys = (await publicKeys()).map(({ publicKey }) => publicKey);
  const check = { publicKeys: keys, product: "lumen", fingerprint: "fp-1", now };
  expect(verifyFile(answer.certificate, check)).toMatchObject({ license: { code: "VALID", deviceLimit: 1 } });
  expect(verifyFile(answer.certificate, { ...check, fingerprint: "fp-2" })).toEqual({
    reason: "wrong-device",
  });
  expect(await activations()).toMatchObject([{ name: "Lab PC", platform: "windows", appVersion: "3.1" }]);
  const [row] = await db().auditLog.findMany({ where: { event: "activation.created" } });
  expect(row).toMatchObject({ actorLabel: "offline page", licenseId: license.id, requestId: "req-1" });
});

test("the same request again takes no further seat, however mails and scanners broke its lines", async () => {
  await ask(good);
  await ask(`\r\n  ${good.replace(/(.{40})/g, "$1\r\n ")} \n`);
  expect(await activations()).toHaveLength(1);
});

const refusals: { name: string; request: () => Promise<string> | string; says: RegExp }[] = [
  { name: "nothing", request: () => "  \n ", says: /Paste the request/ },
  { name: "a license key alone", request: () => key, says: /license key alone is not enough/ },
  {
    name: "a license file",
    request: async () => (await ask(good)).certificate,
    says: /license file already/,
  },
  {
    name: "a request of a later version",
    request: () => good.replace("-1.", "-2."),
    says: /newer than this site/,
  },
  { name: "half a request", request: () => good.slice(0, 60), says: /not complete/ },
  {
    name: "a request without a fingerprint",
    request: () => offlineRequestText({ key, product: "lumen", fingerprint: "" }),
    says: /"fingerprint"/,
  },
  {
    name: "an unknown key",
    request: () => offlineRequestText({ key: "TEST-0000", product: "lumen", fingerprint: "fp" }),
    says: /no license with the key/,
  },
  {
    name: "a key of another product",
    request: () => offlineRequestText({ key, product: "aria", fingerprint: "fp" }),
    says: /no license with the key/,
  },
  {
    name: "one device too many",
    request: () => offlineRequestText({ key, product: "lumen", fingerprint: "fp-2" }),
    says: /as many devices as it allows/,
  },
];

test.each(refusals)("$name is refused with what is wrong and what to do", async ({ request, says }) => {
  const text = await request();
  const refusal = ask(text);
  await expect(refusal).rejects.toMatchObject({ code: "INVALID", field: "request" });
  await expect(refusal).rejects.toThrow(says);
  expect(await activations()).toHaveLength(1);
});

test("a license that has ended, or whose plan gives no files, takes no seat", async () => {
  const online = await aPolicy({ productId: product.id, offlineHours: null });
  const cases = [
    { row: await aLicense({ policyId: online.id, productId: product.id }), says: /without a connection/ },
    {
      row: await aLicense({ policyId: policy.id, productId: product.id, revokedAt: now }),
      says: /was revoked/,
    },
  ];
  for (const { row, says } of cases) {
    const request = offlineRequestText({ key: readKey(row), product: product.id, fingerprint: "fp" });
    await expect(ask(request)).rejects.toThrow(says);
    expect(await db().activation.count({ where: { licenseId: row.id } })).toBe(0);
  }
});
