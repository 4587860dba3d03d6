import { expect, test } from "vitest";
import { createApiKey, rotateApiKey } from "#app/domain/api-key/api-key.server.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { uuidOf } from "#app/domain/ids.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { db } from "#app/infra/db.server.ts";
import { startApiProcess } from "#tests/api/api-processes.ts";
import { chooseSettings, noLimits } from "#tests/api/api-server.ts";
import { at, type Reply, send } from "#tests/api/dialect-clients.ts";
import { aLicense, aPolicy, aProduct, type LicenseOverrides } from "#tests/factories.ts";
import { until } from "#tests/scenarios/processes.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

// Idempotency-Key under fire: two processes of the API on one database.
const env = await useTestRuntime();
await chooseSettings(noLimits);
const product = await aProduct({ slug: "lumen" });
const policy = await aPolicy({ productId: product.id, deviceLimit: 3, slug: "lumen-pro" });
const urls = (await Promise.all([startApiProcess(env), startApiProcess(env)])).map(({ url }) => url);
const [url = "", otherUrl = ""] = urls;

function anApiKeyRecord(name: string) {
  return createApiKey({
    ...{ name, scopes: ["licenses:read", "licenses:write"], expiresAt: null, createdBy: "test" },
    ...{ actor: systemActor("test"), now: new Date(), requestId: null },
  });
}
async function anApiKey(name: string): Promise<Record<string, string>> {
  const { key } = await anApiKeyRecord(name);
  return { Authorization: `Bearer ${key}` };
}
const shop = await anApiKey("Shop");
const otherShop = await anApiKey("Other shop");

async function aKey(overrides: LicenseOverrides = {}) {
  const license = await aLicense({ policyId: policy.id, ...overrides });
  return { id: license.id, key: readKey(license) };
}

type Request = {
  path: string;
  body: Record<string, unknown>;
  headers?: Record<string, string>;
  method?: string;
};

function post(request: Request, idempotencyKey: string, base = url): Promise<Reply> {
  const { path, body, method = "POST", headers = {} } = request;
  return send(`${base}${path}`, { method, body, headers: { ...headers, "Idempotency-Key": idempotencyKey } });
}

const isInProgress = ({ status, headers }: Reply) => status === 409 && headers.has("retry-after");
const isConflict = ({ status, headers }: Reply) => status === 409 && !headers.has("retry-after");
const isReplay = ({ headers }: Reply) => headers.get("idempotency-replayed") === "true";

/** Asks again for as long as the first request has not ended, as Retry-After says. */
async function untilAnswered(request: Request, idempotencyKey: string, base: string): Promise<Reply[]> {
  const replies: Reply[] = [];
  const deadline = Date.now() + 25_000;
  for (;;) {
    const reply = await post(request, idempotencyKey, base);
    replies.push(reply);
    if (!isInProgress(reply)) return replies;
    if (Date.now() > deadline) throw new Error("The first request never ended.");
    await new Promise((resolve) => setTimeout(resolve, Number(reply.headers.get("retry-after")) * 1000));
  }
}

const licensesOfPolicy = () => db().license.count({ where: { policyId: policy.id } });

type Work = {
  name: string;
  request: () => Promise<Request>;
  /** How many licenses one set is, and how many seats. */
  makes: { licenses?: number; seats?: number };
  success: number;
  inProgress: unknown;
};

const problemInProgress = { code: "idempotency_in_progress", status: 409 };
const works: Work[] = [
  {
    name: "creating licenses",
    request: async () => ({
      path: "/api/v1/licenses",
      headers: shop,
      body: {
        policy: "lumen-pro",
        quantity: 3,
        metadata: { sale: "cs_1" },
        customer: { email: "a@example.com" },
      },
    }),
    makes: { licenses: 3 },
    success: 201,
    inProgress: problemInProgress,
  },
  {
    name: "Simple License Server's generate",
    request: async () => ({
      path: "/generate",
      headers: shop,
      body: { slug: "lumen-pro", metadata: { n: 1 } },
    }),
    makes: { licenses: 1 },
    success: 200,
    inProgress: { error: "idempotent request is still in progress" },
  },
  {
    name: "Cryptlex's create",
    request: async () => ({
      path: "/v3/licenses",
      headers: shop,
      body: {
        productId: uuidOf(product.id),
        metadata: [{ key: "sub", value: "sub_1", viewPermissions: [] }],
      },
    }),
    makes: { licenses: 1 },
    success: 201,
    inProgress: { code: "IDEMPOTENCY_IN_PROGRESS" },
  },
  {
    name: "AuthForge's create",
    request: async () => ({ path: "/v1/licenses", headers: shop, body: { appId: "lumen", quantity: 2 } }),
    makes: { licenses: 2 },
    success: 201,
    inProgress: { error: "conflict" },
  },
  {
    name: "activating",
    request: async () => ({
      path: "/api/v1/licenses/activate",
      body: { product: "lumen", key: (await aKey()).key, fingerprint: "f-1" },
    }),
    makes: { seats: 1 },
    success: 200,
    inProgress: problemInProgress,
  },
  {
    // Each call without a fingerprint takes a seat, so only the key keeps a repeat from taking another.
    name: "Lemon Squeezy's activate",
    request: async () => ({
      path: "/v1/licenses/activate",
      body: { license_key: (await aKey()).key, instance_name: "Mac" },
    }),
    makes: { seats: 1 },
    success: 200,
    inProgress: { error: "A request with this Idempotency-Key is still being worked on." },
  },
];

test.each(works)("$name 50 times at once does it once, and all get the same answer", async (work) => {
  const request = await work.request();
  const before = { licenses: await licensesOfPolicy(), seats: await db().activation.count() };
  const rounds = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      untilAnswered(request, `fire ${work.name}`, index % 2 ? url : otherUrl),
    ),
  );
  const last = rounds.map((replies) => replies.at(-1));
  for (const reply of last) expect(reply).toMatchObject({ status: work.success, body: last[0]?.body });
  expect(new Set(last.map((reply) => JSON.stringify(reply?.body))).size).toBe(1);
  expect(last.filter((reply) => reply && !isReplay(reply))).toHaveLength(1);
  for (const refused of rounds.flatMap((replies) => replies.slice(0, -1)))
    expect(refused.body).toMatchObject(work.inProgress as object);
  expect(await licensesOfPolicy()).toBe(before.licenses + (work.makes.licenses ?? 0));
  expect(await db().activation.count()).toBe(before.seats + (work.makes.seats ?? 0));
});

/** For transactions that wait for another process. */
const patient = { timeout: 20_000 };

test("a request that is still worked on is a conflict that says when to ask again", async () => {
  const { id, key } = await aKey();
  const request = {
    path: "/api/v1/licenses/activate",
    body: { product: "lumen", key, fingerprint: "f" },
  };
  let first: Promise<Reply> | null = null;
  await db().$transaction(async (tx) => {
    // Whoever activates waits for this row.
    await tx.$queryRaw`SELECT 1 FROM license WHERE id = ${id} FOR UPDATE`;
    first = post(request, "in flight");
    await until("the first request waits", async () => {
      const [waiting] = await tx.$queryRaw<{ found: boolean }[]>`SELECT EXISTS (SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock') AS found`;
      return waiting?.found === true;
    });
    const second = await post(request, "in flight", otherUrl);
    expect(second).toMatchObject({
      status: 409,
      body: { code: "idempotency_in_progress", type: "/docs/api#idempotency_in_progress" },
    });
    expect(second.headers.get("retry-after")).toBe("1");
  }, patient);
  expect(await (first as Promise<Reply> | null)).toMatchObject({ status: 200, body: { valid: true } });
  expect(isReplay(await post(request, "in flight", otherUrl))).toBe(true);
});

test("another payload with the same key is a conflict and changes nothing", async () => {
  const create = { path: "/api/v1/licenses", headers: shop, body: { policy: "lumen-pro", quantity: 1 } };
  expect((await post(create, "payload")).status).toBe(201);
  const before = await licensesOfPolicy();
  for (const body of [
    { policy: "lumen-pro", quantity: 2 },
    { policy: "lumen-pro", quantity: 1, deviceLimit: 4 },
    { policy: "lumen-pro", quantity: 1, deviceLimit: null },
    { policy: "lumen-pro", quantity: 1, validUntil: null },
    { policy: "lumen-pro", quantity: 1, metadata: { a: "b" } },
  ]) {
    const reply = await post({ ...create, body }, "payload", otherUrl);
    expect(reply, JSON.stringify(body)).toMatchObject({
      status: 409,
      body: { code: "idempotency_conflict" },
    });
    expect(isConflict(reply)).toBe(true);
  }
  const generate = { path: "/generate", headers: shop, body: { slug: "lumen-pro" } };
  // The same key at another address is another key.
  expect((await post(generate, "payload")).status).toBe(200);
  expect(
    await post({ ...generate, body: { slug: "lumen-pro", metadata: { a: 1 } } }, "payload"),
  ).toMatchObject({
    status: 409,
    body: { error: "idempotency key reuse with different payload" },
  });
  expect(await licensesOfPolicy()).toBe(before + 1);
});

test("requests that differ only in an instant are different ones", async () => {
  const day = (n: number) => new Date(Date.UTC(2031, 0, n)).toISOString();
  const create = (validUntil: string) => ({
    ...{ path: "/api/v1/licenses", headers: shop },
    body: { policy: "lumen-pro", validUntil },
  });
  const made = await post(create(day(1)), "instant");
  expect(made.status).toBe(201);
  expect(isConflict(await post(create(day(2)), "instant"))).toBe(true);
  expect(isReplay(await post(create(day(1)), "instant"))).toBe(true);
  const id = String(at(made.body, "licenses", 0, "id"));
  const extend = (until: string) => ({
    ...{ path: `/api/v1/licenses/${id}/extend`, headers: shop },
    body: { until },
  });
  expect((await post(extend(day(3)), "longer")).status).toBe(200);
  expect(isConflict(await post(extend(day(4)), "longer"))).toBe(true);
  // The same key for another license is another request.
  const other = await post(create(day(1)), "instant 2");
  const elsewhere = `/api/v1/licenses/${String(at(other.body, "licenses", 0, "id"))}/extend`;
  expect(isConflict(await post({ ...extend(day(3)), path: elsewhere }, "longer"))).toBe(true);
});

test("an extension by a period counts once, however often it is sent", async () => {
  const { id } = await aKey({ term: "days", paidUntil: new Date(Date.UTC(2031, 0, 1)) });
  const extend = { path: `/api/v1/licenses/${id}/extend`, headers: shop, body: { days: 10 } };
  const replies = [];
  for (const base of [url, otherUrl, url]) replies.push(await post(extend, "period", base));
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(replies.map(isReplay)).toEqual([false, true, true]);
  const { extendedUntil, paidUntil } = await db().license.findUniqueOrThrow({ where: { id } });
  expect(extendedUntil ?? paidUntil).toEqual(new Date(Date.UTC(2031, 0, 11)));
});

test("the order of fields and the spaces between them do not matter", async () => {
  const texts = [
    '{"policy":"lumen-pro","quantity":1,"metadata":{"a":"1","b":"2"}}',
    ' {\n "metadata" : { "b":"2",  "a":"1" }, "quantity": 1, "policy": "lumen-pro" }\n',
    '{"quantity":1.0,"metadata":{"\\u0061":"1","b":"2"},"policy":" lumen-pro "}',
    // What a field left out stands for.
    '{"policy":"lumen-pro","metadata":{"a":"1","b":"2"}}',
  ];
  const replies: Reply[] = [];
  for (const body of texts) {
    const response = await fetch(`${url}/api/v1/licenses`, {
      method: "POST",
      headers: { ...shop, "Content-Type": "application/json", "Idempotency-Key": "spaces" },
      body,
    });
    replies.push({ status: response.status, body: await response.json(), headers: response.headers });
  }
  expect(replies.map(isReplay)).toEqual([false, true, true, true]);
  expect(new Set(replies.map(({ body }) => JSON.stringify(body))).size).toBe(1);
});

test("two API keys with the same Idempotency-Key do not meet", async () => {
  const create = { path: "/api/v1/licenses", body: { policy: "lumen-pro" } };
  const mine = await post({ ...create, headers: shop }, "shared");
  const theirs = await post({ ...create, headers: otherShop }, "shared", otherUrl);
  expect([mine, theirs].map(isReplay)).toEqual([false, false]);
  expect(at(mine.body, "orderId")).not.toBe(at(theirs.body, "orderId"));
});

test("an API key that was rotated is still the same caller", async () => {
  const { key, record } = await anApiKeyRecord("Rotated");
  const create = { path: "/api/v1/licenses", body: { policy: "lumen-pro" } };
  const first = await post({ ...create, headers: { Authorization: `Bearer ${key}` } }, "rotated");
  let { id } = record;
  for (let rotation = 0; rotation < 2; rotation++) {
    const next = await rotateApiKey({
      ...{ id, overlapHours: 1, createdBy: "test", actor: systemActor("test"), now: new Date() },
      requestId: null,
    });
    id = next.record.id;
    const again = await post(
      { ...create, headers: { Authorization: `Bearer ${next.key}` } },
      "rotated",
      otherUrl,
    );
    expect(isReplay(again)).toBe(true);
    expect(again.body).toEqual(first.body);
  }
});

test("a key that is no header text, or too long, is refused with its name and leaves nothing", async () => {
  const create = { path: "/api/v1/licenses", headers: shop, body: { policy: "lumen-pro" } };
  const before = await licensesOfPolicy();
  for (const wrong of ["x".repeat(256), "caf\u00e9", "a\tb"])
    expect(await post(create, wrong)).toMatchObject({
      status: 422,
      body: { errors: [{ field: "Idempotency-Key" }] },
    });
  expect(await licensesOfPolicy()).toBe(before);
  expect((await post(create, "x".repeat(255))).status).toBe(201);
});

test("two customers with the same Idempotency-Key do not meet, and nobody is told another one's answer", async () => {
  const [mine, theirs] = [await aKey(), await aKey()];
  const own = (key: string) => ({
    path: "/api/v1/licenses/activate",
    body: { product: "lumen", key, fingerprint: "f" },
  });
  const lemon = (license_key: string) => ({
    path: "/v1/licenses/activate",
    body: { license_key, instance_name: "Mac" },
  });
  const keygen = (key: string) => ({
    path: "/v1/accounts/acme/machines",
    headers: { Authorization: `License ${key}` },
    body: { data: { type: "machines", attributes: { fingerprint: "keygen" } } },
  });
  for (const request of [own, lemon, keygen]) {
    const replies = [await post(request(mine.key), "1"), await post(request(theirs.key), "1")];
    expect(replies.map(({ status }) => status < 300)).toEqual([true, true]);
    expect(replies.map(isReplay)).toEqual([false, false]);
  }
  expect((await post(keygen("TEST-0000"), "1")).status).toBe(401);
});

test("a refused request leaves no record, and can be mended and sent again with the same key", async () => {
  const before = await db().idempotencyRecord.count();
  const create = (body: Record<string, unknown>) =>
    post({ path: "/api/v1/licenses", headers: shop, body }, "mended");
  expect((await create({ policy: "nothing" })).status).toBe(422);
  expect((await create({ policy: "lumen-pro", quantity: 101 })).status).toBe(422);
  expect((await create({ policy: "lumen-pro", metadata: { a: 1 } })).status).toBe(422);
  expect(await db().idempotencyRecord.count()).toBe(before);
  const good = await create({ policy: "lumen-pro" });
  expect(good.status).toBe(201);
  expect(isReplay(good)).toBe(false);
  expect(isReplay(await create({ policy: "lumen-pro" }))).toBe(true);
});

test.each([
  {
    name: "our own API",
    request: (key: string) => ({
      path: "/api/v1/licenses/activate",
      body: { product: "lumen", key, fingerprint: "second" },
    }),
  },
  {
    name: "Simple License Server",
    request: (license_key: string) => ({ path: "/activate", body: { license_key, fingerprint: "second" } }),
  },
  {
    name: "Lemon Squeezy",
    request: (license_key: string) => ({
      path: "/v1/licenses/activate",
      body: { license_key, instance_name: "second", fingerprint: "second" },
    }),
  },
  {
    name: "AuthForge",
    request: (licenseKey: string) => ({
      path: "/auth/validate",
      body: { appId: "lumen", licenseKey, hwid: "second", nonce: "n" },
    }),
  },
  {
    name: "Keygen",
    request: (key: string) => ({
      path: "/v1/accounts/acme/machines",
      headers: { Authorization: `License ${key}` },
      body: { data: { type: "machines", attributes: { fingerprint: "second" } } },
    }),
  },
])(
  "$name: a seat that was refused is given to the same request once one is free",
  async ({ name, request }) => {
    const { id, key } = await aKey({ deviceLimit: 1 });
    const first = {
      path: "/api/v1/licenses/activate",
      body: { product: "lumen", key, fingerprint: "first" },
    };
    expect((await post(first, `${name} first`)).body).toMatchObject({ valid: true });
    const seats = () => db().activation.count({ where: { licenseId: id, releasedAt: null } });
    const refused = await post(request(key), name);
    expect(isReplay(refused)).toBe(false);
    await db().activation.updateMany({ where: { licenseId: id }, data: { releasedAt: new Date() } });
    const given = await post(request(key), name);
    expect(given.status).toBeLessThan(300);
    expect(isReplay(given)).toBe(false);
    expect(given.body).not.toEqual(refused.body);
    expect(await seats()).toBe(1);
    // AuthForge's call is also its check, which no answer of before may stand in for.
    expect(isReplay(await post(request(key), name))).toBe(name !== "AuthForge");
    expect(await seats()).toBe(1);
  },
);

test("a replaced key is told once more to whoever repeats the call that replaced it", async () => {
  const { id } = await aKey();
  const rotate = { path: `/api/v1/licenses/${id}/rotate-key`, headers: shop, body: { overlapHours: 1 } };
  const rounds = await Promise.all(urls.map((base) => untilAnswered(rotate, "rotate", base)));
  const keys = new Set(rounds.map((replies) => at(replies.at(-1)?.body, "key")));
  expect(keys.size).toBe(1);
  expect(await db().supersededKey.count({ where: { licenseId: id } })).toBe(1);
});

test("no answer that is kept can be read in the database", async () => {
  const create = { path: "/api/v1/licenses", headers: shop, body: { policy: "lumen-pro", quantity: 2 } };
  const made = await post(create, "kept secret");
  const keys = [0, 1].map((index) => String(at(made.body, "licenses", index, "key")));
  const [{ dump } = { dump: "" }] = await db().$queryRaw<{ dump: string }[]>`
    SELECT string_agg(r::text || encode(r.answer, 'escape'), ' ') AS dump FROM idempotency_record r`;
  expect(dump.length).toBeGreaterThan(1000);
  for (const key of keys) {
    expect(key).toMatch(/^TEST-/);
    // As it is, without dashes, as bytes in hex, and its longest secret part.
    for (const form of [key, key.replaceAll("-", ""), Buffer.from(key).toString("hex"), key.slice(5, 24)])
      expect(dump).not.toContain(form);
  }
  for (const text of ["TEST-", "kept secret", "a@example.com", "lumen-pro", "licenses"]) {
    expect(dump).not.toContain(text);
    expect(dump).not.toContain(Buffer.from(text).toString("hex"));
  }
});
