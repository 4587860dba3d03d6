import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { sessionToken } from "#app/api/authforge/session-token.server.ts";
import { allDialects } from "#app/api/dialects.server.ts";
import type { Endpoint } from "#app/api/endpoint.server.ts";
import { createApiKey } from "#app/domain/api-key/api-key.server.ts";
import { type Scope, scopes } from "#app/domain/api-key/scopes.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { uuidOf } from "#app/domain/ids.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { db } from "#app/infra/db.server.ts";
import { chooseSettings, noLimits } from "#tests/api/api-server.ts";
import { brokenMessages } from "#tests/api/fuzz-framing.ts";
import {
  formOf,
  garble,
  mutateHeaders,
  mutateJson,
  mutateMethod,
  mutatePath,
  mutateQuery,
  type Wire,
} from "#tests/api/fuzz-mutations.ts";
import { type Known, type Sampler, samplerOf } from "#tests/api/fuzz-samples.ts";
import { bytesOf, createLane, type RawAnswer, sendBytes } from "#tests/api/raw-lane.ts";
import { startWholeServer } from "#tests/api/start-whole-server.ts";
import { seededRandom } from "#tests/crash/seeded-random.ts";
import { aCustomer, aLicense, anActivation, aPolicy, aProduct } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

/** FUZZ_SEED plays the same requests again. */
const seed = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31));
const wholeRequests = Number(process.env.FUZZ_REQUESTS ?? 20_000);
const brokenRequests = 1_500;
const answerLimitMs = 5_000;
const lanes = 12;
const licenseCount = 80;
const mebibytes = (bytes: number) => Math.round(bytes / 104_857.6) / 10;

const env = await useTestRuntime();
await chooseSettings(noLimits);
const random = seededRandom(seed);
const { known, apiKeys } = await stock();
const endpoints = allDialects.flatMap(({ endpoints }) => endpoints);
const samplers = new Map(endpoints.map((each) => [each, samplerOf(each, known, random)]));
const server = await startWholeServer(env, { LOG_LEVEL: "info" });

async function apiKey(granted: readonly Scope[]): Promise<{ key: string; record: { id: string } }> {
  return createApiKey({
    ...{ name: "Fuzz", scopes: [...granted], expiresAt: null, createdBy: "tests" },
    ...{ actor: systemActor("tests"), now: new Date(), requestId: null },
  });
}

/** A small shop, and by which names its things are asked for. */
async function stock(): Promise<{ known: Known; apiKeys: string[] }> {
  const product = await aProduct({ slug: "lumen" });
  const policies = [
    await aPolicy({ productId: product.id, slug: "lumen-pro", offlineHours: 72, deviceLimit: 50 }),
    await aPolicy({ productId: product.id, slug: "lumen-team", leaseSeconds: 600, deviceLimit: 50 }),
  ];
  const customer = await aCustomer({ email: "fuzz@example.com" });
  const licenses = [];
  for (let n = 0; n < licenseCount; n++)
    licenses.push(await aLicense({ policyId: policies[n % 2]?.id ?? "", customerId: customer.id }));
  const device = await anActivation({ licenseId: licenses[0]?.id ?? "", fingerprint: "device-0" });
  for (const license of licenses.slice(0, 3))
    await anActivation({ licenseId: license.id, fingerprint: "device-1" });
  const devices = [device.id, uuidOf(device.id), "device-0", "device-1", "device-1"];
  const keys = licenses.map(readKey);
  const ids = [...licenses.flatMap(({ id }) => [id, uuidOf(id)]), device.id];
  const plans = ["lumen-pro", "lumen-team", ...policies.flatMap(({ id }) => [id, uuidOf(id)])];
  const products = ["lumen", product.id, uuidOf(product.id)];
  const fingerprints = Array.from({ length: 20 }, (_, n) => `device-${n}`);
  const now = new Date();
  const session = {
    ...{ licenseId: licenses[0]?.id ?? "", deviceId: device.id, appId: "lumen", ttlSeconds: 600 },
    exp: Math.floor(now.getTime() / 1000) + 3600,
  };
  const sacrificed = [];
  for (let n = 0; n < 8; n++) sacrificed.push((await apiKey(["licenses:read"])).record.id);
  const known: Known = {
    apikeysid: sacrificed,
    ...{ key: keys, licensekey: keys, license: [...keys, ...ids], licenseid: ids, id: ids, ref: ids },
    ...{ product: products, productid: products, productsid: products, appid: products, policiesid: plans },
    ...{ policy: plans, policyid: plans, slug: plans, name: plans, slugsname: plans, account: ["lumen"] },
    ...{
      fingerprint: fingerprints,
      hwid: fingerprints,
      machine: devices,
      deviceid: devices,
      usersid: [customer.id],
    },
    ...{
      instanceid: devices,
      instancename: ["Mac"],
      sessiontoken: [sessionToken(session)],
      licenseslicense: keys.slice(0, 3),
    },
    ...{ email: ["fuzz@example.com", "other@example.com"], customerid: [customer.id, uuidOf(customer.id)] },
    ...{
      quantity: [1, 1, 1, 1, 2, 100, 0, 101],
      limit: [1, 10, 100, "5"],
      page: [1, 2, "1"],
      pagesize: [10, "10"],
    },
    ...{
      cursor: ["x"],
      scopes: [scopes, ["licenses:read"]],
      reason: ["Because"],
      action: ["revoke", "extend"],
    },
  };
  const [all, more, few] = [await apiKey(scopes), await apiKey(scopes), await apiKey(["licenses:read"])];
  return { known, apiKeys: [all.key, more.key, few.key] };
}

/** The next request of the sequence: what the endpoint is made for, or something near it. */
function nextRequest(endpoint: Endpoint, sampler: Sampler): Wire {
  const kind = random.pick({
    valid: 4,
    json: 8,
    query: 2,
    path: 2,
    headers: 3,
    bytes: 1.5,
    form: 1,
    method: 1,
  });
  const value = sampler.body?.();
  const asForm = kind === "form" || (endpoint.bodyFormats?.includes("form") && random.next() < 0.3);
  const text =
    value === undefined
      ? ""
      : asForm
        ? formOf(value, random)
        : kind === "json"
          ? mutateJson(value, random)
          : JSON.stringify(value);
  const query = sampler.query?.() ?? {};
  const asked =
    kind === "query" ? mutateQuery(query, random) : new URLSearchParams(query as Record<string, string>);
  const path = kind === "path" ? mutatePath(sampler.path(), random) : sampler.path();
  const headers: Wire["headers"] = [];
  if (text !== "")
    headers.push(["Content-Type", asForm ? "application/x-www-form-urlencoded" : "application/json"]);
  if (endpoint.access !== "public" ? random.next() < 0.95 : random.next() < 0.2)
    headers.push(["Authorization", `Bearer ${apiKeys[random.between(0, 20)] ?? apiKeys[0]}`]);
  else if (random.next() < 0.7)
    headers.push(["Authorization", `License ${known.key?.[random.between(0, 2)]}`]);
  if (endpoint.writes && random.next() < 0.2)
    headers.push(["Idempotency-Key", `k-${random.between(0, 500)}`]);
  if (random.next() < 0.05) headers.push(["Accept-Signature", "1"]);
  const wire: Wire = {
    method: kind === "method" ? mutateMethod(random) : endpoint.method,
    target: `${path}${String(asked) === "" ? "" : `?${asked}`}`.replaceAll(" ", "%20"),
    headers,
    body: kind === "bytes" ? garble(text, random) : Buffer.from(text),
  };
  return kind === "headers" ? mutateHeaders(wire, random) : wire;
}

/** What is wrong with an answer, or null. */
function faultOf(answer: RawAnswer | null): string | null {
  if (!answer) return "hung up without an answer";
  const { status, headers, body, ms } = answer;
  if (!(status >= 200 && status < 500)) return `status ${status}`;
  if (ms > answerLimitMs) return `${Math.round(ms)} ms`;
  const text = body.toString("utf8");
  if (/prisma|node_modules|app\/\w+\/|\bat \w+ \(|violates|syntax error at/i.test(text))
    return "tells of its inside";
  if (/json/.test(headers.get("content-type") ?? "") && text !== "") JSON.parse(text);
  return null;
}

const shown = (wire: Wire) => {
  const bytes = bytesOf(wire);
  const text = bytes.toString("latin1");
  return text.length > 1500
    ? `${JSON.stringify(text.slice(0, 1500))}… ${bytes.length} bytes`
    : JSON.stringify(text);
};

/** Sends so many requests over all endpoints in turn. @returns what went wrong, and how often each status came. */
async function play(count: number, faults: string[], statuses: Map<string, number>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      const lane = createLane(server.port);
      while (next < count && faults.length < 10) {
        const n = next++;
        const endpoint = endpoints[n % endpoints.length];
        const sampler = endpoint && samplers.get(endpoint);
        if (!endpoint || !sampler) throw new Error("There is no endpoint.");
        const wire = nextRequest(endpoint, sampler);
        try {
          // A disk that stalls for everybody is no fault of the request, which is asked once more.
          const answer = await lane.ask(wire, answerLimitMs).catch(() => lane.ask(wire, answerLimitMs));
          const fault = faultOf(answer);
          const place = `${endpoint.method} ${endpoint.path} ${Math.floor((answer?.status ?? 0) / 100)}xx`;
          statuses.set(place, (statuses.get(place) ?? 0) + 1);
          if (fault) faults.push(`${fault}: ${shown(wire)} -> ${answer?.body.toString().slice(0, 300)}`);
        } catch (error) {
          faults.push(`${String(error)}: ${shown(wire)}`);
        }
      }
      lane.close();
    }),
  );
}

/** Many requests revoke, suspend and release; what comes after them should find something to work on. */
async function revive(): Promise<void> {
  const nextYear = new Date(Date.now() + 31_536_000_000);
  await db().license.updateMany({ data: { revokedAt: null, revokedReason: null, paidUntil: nextYear } });
  await db().licenseHold.deleteMany();
  await db().apiKey.updateMany({ data: { revokedAt: null } });
  await db().activation.updateMany({ data: { releasedAt: null, leaseUntil: null } });
}

/** What a process holds may still grow in the first half, while caches fill and code is compiled. */
function expectFlat(held: readonly { used: number; rss: number }[]): void {
  const [, early, , late] = held;
  if (!early || !late) throw new Error("There are four quarters.");
  // What stays is counters and caches with bounds of their own: less than a kilobyte for each request.
  expect(mebibytes(late.used - early.used)).toBeLessThan(8);
  expect(mebibytes(late.rss - early.rss)).toBeLessThan(192);
}

test("no request, however wrong, breaks the server, hangs or makes it grow", async () => {
  console.log(`FUZZ_SEED=${seed}`);
  const faults: string[] = [];
  const statuses = new Map<string, number>();
  const held: Awaited<ReturnType<typeof server.memory>>[] = [];
  const startedAt = performance.now();
  for (let part = 0; part < 4; part++) {
    for (let round = 0; round < 4; round++) {
      await revive();
      await play(wholeRequests / 16, faults, statuses);
    }
    held.push(await server.memory());
  }
  const perSecond = Math.round(wholeRequests / ((performance.now() - startedAt) / 1000));
  console.log(
    `${wholeRequests} requests over ${endpoints.length} endpoints, ${perSecond} a second; after each quarter MiB used ${held.map(({ used }) => mebibytes(used))}, resident ${held.map(({ rss }) => mebibytes(rss))}`,
  );
  expect(faults, `FUZZ_SEED=${seed}`).toEqual([]);
  expect(server.isAlive(), server.log().slice(-2000)).toBe(true);
  if (process.env.FUZZ_STATUSES)
    console.log(
      [...statuses]
        .sort()
        .map(([place, n]) => `${place}: ${n}`)
        .join("\n"),
    );
  expectFlat(held);
  const accepted = endpoints.filter(({ method, path }) => statuses.has(`${method} ${path} 2xx`));
  expect(accepted.length, "most endpoints must have done their work, too").toBeGreaterThan(
    endpoints.length * 0.8,
  );
}, 300_000);

test("messages that are framed badly, cut off or no HTTP are refused or let go, and the next one is answered", async () => {
  const alive = createLane(server.port);
  const faults: string[] = [];
  let next = 0;
  const messages = brokenMessages(brokenRequests, random, () => {
    const endpoint = endpoints[random.between(0, endpoints.length - 1)];
    const sampler = endpoint && samplers.get(endpoint);
    if (!endpoint || !sampler) throw new Error("There is no endpoint.");
    return nextRequest(endpoint, sampler);
  });
  await Promise.all(
    Array.from({ length: 3 * lanes }, async () => {
      for (let n = next++; n < messages.length && faults.length < 10; n = next++) {
        const pieces = messages[n] ?? [];
        const statuses = await sendBytes(server.port, pieces, 60);
        const failed = statuses.filter((status) => status >= 500 && status !== 501);
        const text = Buffer.concat(pieces).toString("latin1");
        if (failed.length > 0) faults.push(`status ${failed.join()}: ${JSON.stringify(text.slice(0, 1500))}`);
      }
    }),
  );
  const answer = await alive.ask(
    { method: "POST", target: "/api/v1/licenses/validate", headers: [], body: Buffer.from("{}") },
    answerLimitMs,
  );
  alive.close();
  expect(faults, `FUZZ_SEED=${seed}`).toEqual([]);
  expect(answer?.status).toBe(422);
}, 120_000);

test("nothing of it was an error in the log, and the server ends in order", async () => {
  expect(await server.stop()).toBe(0);
  if (process.env.FUZZ_LOG)
    await (await import("node:fs/promises")).writeFile(process.env.FUZZ_LOG, server.log());
  const lines = server.log().trim().split("\n");
  const records = lines
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as { level: number; msg: string });
  expect(records.length).toBeGreaterThan(1000);
  expect(records.filter(({ level }) => level >= 50)).toEqual([]);
  // Node's warnings and traces of errors nobody caught are no records. One warning is about Prisma's own doing.
  const words = lines.filter(
    (line) => !line.startsWith("{") && !/client\.query\(\) when|--trace-dep/.test(line),
  );
  expect(words).toEqual([]);
});
