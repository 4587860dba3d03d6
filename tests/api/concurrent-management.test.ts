import { expect, test } from "vitest";
import { createApiKey } from "#app/domain/api-key/api-key.server.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { uuidOf } from "#app/domain/ids.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { db } from "#app/infra/db.server.ts";
import { startApiProcess } from "#tests/api/api-processes.ts";
import { chooseSettings, noLimits } from "#tests/api/api-server.ts";
import { at, type Reply, send } from "#tests/api/dialect-clients.ts";
import { aLicense, aPolicy, aProduct } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

// Back ends that do many things at once, over two processes.
const env = await useTestRuntime();
await chooseSettings(noLimits);
const product = await aProduct({ slug: "lumen" });
const policy = await aPolicy({ productId: product.id, slug: "lumen-pro", deviceLimit: 100 });
const { key: apiKey } = await createApiKey({
  ...{ name: "Shop", scopes: ["licenses:read", "licenses:write"], expiresAt: null, createdBy: "test" },
  ...{ actor: systemActor("test"), now: new Date(), requestId: null },
});
const processes = await Promise.all([startApiProcess(env), startApiProcess(env)]);
const end = new Date(Date.UTC(2031, 0, 1));
const dayMs = 86_400_000;

function post(index: number, path: string, body?: unknown, idempotencyKey?: string): Promise<Reply> {
  return send(`${processes[index % processes.length]?.url}${path}`, {
    ...(body !== undefined && { body }),
    headers: {
      Authorization: `Bearer ${apiKey}`,
      ...(idempotencyKey !== undefined && { "Idempotency-Key": idempotencyKey }),
    },
  });
}

function atOnce(times: number, call: (index: number) => Promise<Reply>): Promise<Reply[]> {
  return Promise.all(Array.from({ length: times }, (_, index) => call(index)));
}

const statuses = (replies: Reply[]) => [...new Set(replies.map(({ status }) => status))];

async function aTimedLicense() {
  const license = await aLicense({ policyId: policy.id, term: "days", paidUntil: end });
  return { id: license.id, key: readKey(license) };
}
async function endOf(id: string): Promise<number> {
  const { paidUntil, extendedUntil } = await db().license.findUniqueOrThrow({ where: { id } });
  return Math.max(paidUntil?.getTime() ?? 0, extendedUntil?.getTime() ?? 0);
}
const audits = (licenseId: string, event: string) => db().auditLog.count({ where: { licenseId, event } });

test("60 sales at once to one new customer make 60 orders and one customer", async () => {
  const replies = await atOnce(60, (index) =>
    post(
      index,
      "/api/v1/licenses",
      { policy: "lumen-pro", quantity: 2, customer: { email: "new@example.com", name: "New" } },
      `sale ${index}`,
    ),
  );
  expect(statuses(replies)).toEqual([201]);
  expect(new Set(replies.map(({ body }) => at(body, "orderId"))).size).toBe(60);
  const keys = replies.flatMap(({ body }) => [0, 1].map((index) => at(body, "licenses", index, "key")));
  expect(new Set(keys).size).toBe(120);
  expect(await db().customer.count({ where: { email: "new@example.com" } })).toBe(1);
});

test("20 extensions by a day at once are twenty days", async () => {
  const { id } = await aTimedLicense();
  const replies = await atOnce(20, (index) =>
    post(index, `/api/v1/licenses/${id}/extend`, { days: 1 }, `extend ${index}`),
  );
  expect(statuses(replies)).toEqual([200]);
  expect(await endOf(id)).toBe(end.getTime() + 20 * dayMs);
});

test("Cryptlex: 20 renewals at once are twenty intervals, and one that is repeated counts once", async () => {
  const made = await post(0, "/v3/licenses", { productId: "lumen", subscriptionInterval: "P10D" });
  const path = `/v3/licenses/${String(at(made.body, "id"))}/renew`;
  const before = Date.parse(String(at(made.body, "expiresAt")));
  const replies = await atOnce(20, (index) => post(index, path, undefined, `renew ${index}`));
  expect(statuses(replies)).toEqual([200]);
  const again = await atOnce(20, (index) => post(index, path, undefined, "renew 0"));
  expect(statuses(again)).toEqual([200]);
  const last = await post(0, path, undefined, "the last");
  expect(Date.parse(String(at(last.body, "expiresAt")))).toBe(before + 21 * 10 * dayMs);
});

test("50 revocations at once, in three dialects, are one revocation", async () => {
  const { id, key } = await aTimedLicense();
  const replies = await atOnce(50, (index) => {
    if (index % 3 === 0) return post(index, `/api/v1/licenses/${id}/revoke`, { reason: "Resold" });
    if (index % 3 === 1) return post(index, "/revoke", { license_key: key });
    return send(`${processes[index % 2]?.url}/v3/licenses/${uuidOf(id)}`, {
      method: "PATCH",
      headers: { Authorization: `Bearer ${apiKey}` },
      body: { revoked: true },
    });
  });
  expect(statuses(replies)).toEqual([200]);
  expect(await audits(id, "license.revoked")).toBe(1);
});

test("suspensions and reinstatements at once end in one of the two states, with a record of each change", async () => {
  const { id } = await aTimedLicense();
  const replies = await atOnce(40, (index) =>
    post(index, `/api/v1/licenses/${id}/${index % 4 < 2 ? "suspend" : "reinstate"}`, {}),
  );
  expect(statuses(replies)).toEqual([200]);
  const held = await db().licenseHold.count({ where: { licenseId: id } });
  expect(held).toBeLessThanOrEqual(1);
  const [suspended, reinstated] = [
    await audits(id, "license.suspended"),
    await audits(id, "license.reinstated"),
  ];
  expect(suspended - reinstated).toBe(held);
  const { version } = await db().license.findUniqueOrThrow({ where: { id } });
  const first = (await aLicense()).version;
  expect(version - first).toBe(suspended + reinstated);
});

test("30 replacements of a key at once leave one key that works and 30 that were", async () => {
  const { id, key } = await aTimedLicense();
  const replies = await atOnce(30, (index) =>
    post(index, `/api/v1/licenses/${id}/rotate-key`, { overlapHours: 1 }, `rotate ${index}`),
  );
  expect(statuses(replies)).toEqual([200]);
  const keys = new Set([key, ...replies.map(({ body }) => String(at(body, "key")))]);
  expect(keys.size).toBe(31);
  expect(await db().supersededKey.count({ where: { licenseId: id } })).toBe(30);
  const checks = await Promise.all(
    [...keys].map((each, index) => post(index, "/api/v1/licenses/validate", { product: "lumen", key: each })),
  );
  expect(new Set(checks.map(({ body }) => at(body, "license", "id")))).toEqual(new Set([id]));
});

test("a revocation among activations: what was given before stays recorded, nothing is given after", async () => {
  const { id, key } = await aTimedLicense();
  const replies = await atOnce(60, (index) =>
    index === 30
      ? post(index, `/api/v1/licenses/${id}/revoke`, {})
      : post(index, "/api/v1/licenses/activate", { product: "lumen", key, fingerprint: `f ${index}` }),
  );
  expect(statuses(replies)).toEqual([200]);
  const codes = replies.filter((_, index) => index !== 30).map(({ body }) => at(body, "code"));
  expect(codes.filter((code) => code !== "VALID" && code !== "REVOKED")).toEqual([]);
  const [revokedRow] = await db().auditLog.findMany({ where: { licenseId: id, event: "license.revoked" } });
  const after = await db().auditLog.count({
    where: { licenseId: id, event: "activation.created", seq: { gt: revokedRow?.seq ?? 0n } },
  });
  expect(after).toBe(0);
  expect(codes.filter((code) => code === "VALID")).toHaveLength(await audits(id, "activation.created"));
  expect(await db().activation.count({ where: { licenseId: id } })).toBe(
    await audits(id, "activation.created"),
  );
});
