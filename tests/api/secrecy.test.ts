import { expect, test } from "vitest";
import { allDialects } from "#app/api/dialects.server.ts";
import type { Endpoint } from "#app/api/endpoint.server.ts";
import { createApiKey } from "#app/domain/api-key/api-key.server.ts";
import { scopes } from "#app/domain/api-key/scopes.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { forgive, formatKey, keyBodyFromBytes } from "#app/domain/license/license-key.ts";
import { forgetSigningKey } from "#app/domain/signing-key/signing-key.server.ts";
import { pool } from "#app/infra/db.server.ts";
import { createLogger } from "#app/infra/logger.server.ts";
import { dropSingleton, singleton } from "#app/infra/singleton.server.ts";
import { chooseSettings, noLimits } from "#tests/api/api-server.ts";
import type { Wire } from "#tests/api/fuzz-mutations.ts";
import { type Known, samplerOf } from "#tests/api/fuzz-samples.ts";
import { publicQuestions } from "#tests/api/public-questions.ts";
import { createLane } from "#tests/api/raw-lane.ts";
import { seededRandom } from "#tests/crash/seeded-random.ts";
import { aLicense, anActivation, aPolicy, aProduct } from "#tests/factories.ts";
import { policies } from "#tests/routes/policies.ts";
import { addressOf, formAddressOf, openSite, type Person, routes, withQuery } from "#tests/routes/site.ts";

// Everything is asked with secrets that can be found again, and then they are looked for everywhere but where they
// belong. Each one that an answer hands out is looked for as well.

const site = await openSite();
await chooseSettings(noLimits);
const log: string[] = [];
process.env.LOG_LEVEL = "trace";
dropSingleton("logger");
singleton("logger", () => createLogger({ write: (line) => void log.push(line) }));

const port = Number(new URL(site.url).port);
const lane = createLane(port);
const random = seededRandom(1);
const product = await aProduct({ slug: "lumen", keyPrefix: "LUMEN" });
const policy = await aPolicy({
  productId: product.id,
  slug: "lumen-pro",
  deviceLimit: null,
  offlineHours: 24,
});
const keys = await Promise.all([aKey(), aKey(), aKey(), aKey()]);
/** Keys that other systems made. */
const imported = ["38b1460a-5104-4067-a91d-77b872934d51", "8E4C2A-1B7D90-5F3E66-A0C9D4-27B15E-C3F8A6"];
const unknown = formatKey("LUMEN", keyBodyFromBytes(crypto.getRandomValues(new Uint8Array(17))));
const apiKey = await anApiKey();
const secrets = new Set([
  ...keys,
  ...imported,
  unknown,
  apiKey,
  "fingerprint-canary-4711",
  "machine-canary-4712",
]);
const answers: { place: string; text: string; headers: string }[] = [];
const endpoints = allDialects.flatMap(({ endpoints }) => endpoints);
const withKey = endpoints.filter(({ path }) => path.includes("/:"));

async function aKey(): Promise<string> {
  const license = await aLicense({ policyId: policy.id });
  await anActivation({ licenseId: license.id, fingerprint: "fingerprint-canary-4711" });
  return readKey(license);
}

async function anApiKey(): Promise<string> {
  const { key } = await createApiKey({
    ...{ name: "Canary", scopes: [...scopes], expiresAt: null, createdBy: "tests" },
    ...{ actor: systemActor("tests"), now: new Date(), requestId: null },
  });
  return key;
}

/** Keeps an answer, and every key that stands in it. */
function keep(place: string, text: string, headers: string): void {
  answers.push({ place, text, headers });
  for (const [key] of text.matchAll(/\b[A-Z0-9]{2,12}(-[0-9A-Z]{4}){7}\b|\blk_[0-9a-z]{47}\b/g))
    secrets.add(key);
}

/** `isOdd`: the sign-in page leads back to the address that somebody made up, so its answer is not kept. */
async function ask(wire: Wire, isOdd = false): Promise<number> {
  const answer = await lane.ask(wire, 15_000);
  if (!answer) throw new Error(`${wire.method} ${wire.target} was not answered.`);
  if (isOdd) return answer.status;
  keep(`${wire.method} ${wire.target}`, answer.body.toString(), [...answer.headers].join("\n"));
  return answer.status;
}

const bodyOf = (body: unknown) => Buffer.from(body === undefined ? "" : JSON.stringify(body));
const proof = (): Wire["headers"] => [["Authorization", `Bearer ${apiKey}`]];

/** The names of things in addresses, and in bodies; `key` is the name of an entry of metadata there, too. */
function knownIn(place: "address" | "body"): Known {
  const fingerprints = ["fingerprint-canary-4711", "machine-canary-4712"];
  const common = {
    product: ["lumen"],
    productid: [product.id],
    policy: ["lumen-pro"],
    slug: ["lumen-pro"],
    appid: ["lumen"],
  };
  if (place === "address")
    return {
      ...common,
      key: keys,
      keyeq: keys,
      license: keys,
      licensekey: keys,
      id: keys,
      machine: fingerprints,
      account: ["x"],
    };
  return {
    ...common,
    ...{ key: ["note"], licensekey: keys, fingerprint: fingerprints, hwid: fingerprints, quantity: [1, 2] },
    ...{ email: ["canary@example.com"], name: ["Mac"], scopes: [["licenses:read"]], action: ["extend"] },
  };
}

async function useEndpoint(endpoint: Endpoint): Promise<void> {
  const inBody = samplerOf(endpoint, knownIn("body"), random);
  const inAddress = samplerOf(endpoint, knownIn("address"), random);
  const query = new URLSearchParams((inAddress.query?.() ?? {}) as Record<string, string>);
  const licenseProof: Wire["headers"] = [["Authorization", `License ${keys[0]}`]];
  await ask({
    method: endpoint.method,
    target: `${inAddress.path()}${query.size > 0 ? `?${query}` : ""}`,
    headers: [
      ["Content-Type", "application/json"],
      ["Accept-Signature", "1"],
      ...(endpoint.access === "public" ? licenseProof : proof()),
      ...(endpoint.writes ? [["Idempotency-Key", crypto.randomUUID()] as [string, string]] : []),
    ],
    body: bodyOf(inBody.body?.()),
  });
}

/** Where of a text a secret stands, however it is written; compared as keys are: without case and dashes. */
function secretsIn(text: string): string[] {
  const plain = forgive(text);
  const lower = text.toLowerCase();
  return [...secrets].filter((secret) => {
    const hex = Buffer.from(secret).toString("hex");
    // Most of a key is as good as the whole.
    return plain.includes(forgive(secret).slice(-22)) || lower.includes(hex);
  });
}

/** The lines a secret stands in. */
const hitsOf = (texts: readonly string[]) =>
  texts
    .filter((text) => secretsIn(text).length > 0)
    .flatMap((text) => text.split("\n").filter((line) => secretsIn(line).length > 0))
    .map((line) => line.slice(0, 600));

test("every public route and every endpoint is asked with the secrets, in good and in bad state", async () => {
  for (const key of imported) {
    const body = bodyOf({ policy: "lumen-pro", key });
    const headers: Wire["headers"] = [...proof(), ["Content-Type", "application/json"]];
    expect(await ask({ method: "POST", target: "/api/v1/licenses", headers, body })).toBe(201);
    expect(await ask({ method: "POST", target: "/api/v1/licenses", headers, body })).toBe(409);
  }
  for (const question of publicQuestions)
    for (const key of [
      ...keys,
      ...imported,
      keys[0]?.toLowerCase() ?? "",
      unknown,
      `${unknown.slice(0, -1)}Y`,
    ]) {
      const { text, headers } = await question.ask(site.url, key);
      keep(question.name, text, [...headers].join("\n"));
    }
  for (const endpoint of endpoints) for (let n = 0; n < 3; n++) await useEndpoint(endpoint);
  const made = [...secrets].filter((secret) => !keys.includes(secret));
  expect(made.length, "keys and API keys were handed out").toBeGreaterThan(8);
});

test("secrets are put where they do not belong", async () => {
  const key = keys[1] ?? "";
  const places = [
    ...imported.flatMap((text) => [`/${text}`, `/V1/licenses/${text}`, `/?key=${text}`, `/sign-in?${text}`]),
    ...[`/${key}`, `/x/${key}/y`, `//v1/licenses/${key}`, `/V1/LICENSES/${key}`, `/v1%2Flicenses%2F${key}`],
    ...[`http://latchkey.example/v1/licenses/${key}`, `/portal/licenses/${key}`, `/admin/licenses/${key}`],
    ...[
      `/admin/licenses?q=${key}&key=${key}`,
      `/?license_key=${key}`,
      `/offline?key=${key}`,
      `/sign-in?${key}`,
    ],
    ...[
      `/v1/licenses/${key.toLowerCase()}`,
      `/v1/licenses/${key.replaceAll("-", "%20")}`,
      `/activate/${key}`,
    ],
    ...[
      `/v1/licenses/${key.slice(0, -1)}`,
      `/${apiKey}`,
      `/x?token=${apiKey}`,
      `/v1/licenses/${apiKey}/hwid/reset`,
    ],
    ...[
      `/assets/../${key}`,
      `/health/${key}`,
      `/${key}.data`,
      `/%5C${key}`,
      `/v1/licenses/${key}%`,
      `/validate?k=${key}`,
    ],
  ];
  for (const target of places)
    for (const method of ["GET", "POST", "PUT", "PROPFIND"]) {
      const headers: Wire["headers"] = [["Origin", site.url], ...proof()];
      await ask({ method, target, headers, body: bodyOf({ key, fingerprint: "x" }) }, true);
    }
});

test("dialects are switched off and asked all the same", async () => {
  const names = ["lemonSqueezy", "simpleLicenseServer", "authForge", "cryptlex", "keygen"] as const;
  const all = (value: "on" | "off") =>
    chooseSettings(Object.fromEntries(names.map((name) => [`${name}Dialect`, value])));
  await all("off");
  const key = keys[0] ?? "";
  for (const endpoint of withKey.filter(({ path }) => !path.startsWith("/api/"))) {
    const target = endpoint.path.replaceAll(/:\w+/g, key);
    expect(
      await ask({ method: endpoint.method, target, headers: proof(), body: bodyOf({ key }) }),
      target,
    ).toBe(404);
  }
  for (const question of publicQuestions) {
    const { text, headers } = await question.ask(site.url, key);
    keep(question.name, text, [...headers].join("\n"));
  }
  await all("on");
});

test("an answer that cannot be signed is not sent; the client is told to try again", async () => {
  forgetSigningKey();
  await pool().query("ALTER TABLE signing_key RENAME TO signing_key_gone");
  const statuses = [];
  for (const question of publicQuestions.filter(({ name }) => name.startsWith("Keygen")))
    statuses.push((await question.ask(site.url, keys[2] ?? "")).status);
  await pool().query("ALTER TABLE signing_key_gone RENAME TO signing_key");
  expect(statuses).toEqual(statuses.map(() => 503));
});

test("tables are missing, so that everything fails and is reported", async () => {
  const before = log.length;
  for (const table of [
    "activation",
    "license",
    "api_key",
    "idempotency_record",
    "audit_log",
    "signing_key",
  ]) {
    await pool().query(`ALTER TABLE "${table}" RENAME TO "${table}_gone"`);
    for (const question of publicQuestions) await question.ask(site.url, keys[2] ?? "");
    for (const endpoint of endpoints) await useEndpoint(endpoint);
    await pool().query(`ALTER TABLE "${table}_gone" RENAME TO "${table}"`);
  }
  const errors = log.slice(before).filter((line) => line.includes('"level":50'));
  expect(errors.length).toBeGreaterThan(100);
}, 120_000);

test("every page is read and every form is sent by who may", async () => {
  for (const route of routes) {
    const policy = policies[route.file];
    if (!policy || route.path.startsWith("/webhooks/")) continue;
    const people: Person[] = ["customer", "owner"];
    for (const person of people) {
      const world = await site.aWorld();
      secrets.add(world.key);
      const as = world.cookies[person];
      const page = await site.ask(addressOf(route, world), { as });
      keep(route.file, page.body, [...page.headers].join("\n"));
      for (const [name, act] of Object.entries(policy.acts ?? {})) {
        const path = act.path ?? formAddressOf(route, world);
        for (const query of ["", `_data=${encodeURIComponent(route.id)}`]) {
          const answer = await site.ask(withQuery(path, query), { as, form: act.fields(world) });
          keep(`${route.file} ${name}`, answer.body, [...answer.headers].join("\n"));
        }
      }
    }
  }
}, 120_000);

test("no secret is in any log, in a URL or a header of ours, or readable in the database", async () => {
  lane.close();
  expect(log.length).toBeGreaterThan(1_500);
  expect(secrets.size).toBeGreaterThan(20);
  // The search itself: the answers do hold them.
  expect(hitsOf(answers.map(({ text }) => text)).length).toBeGreaterThan(50);
  expect(hitsOf(log)).toEqual([]);
  expect(hitsOf(answers.map(({ headers }) => headers))).toEqual([]);
  const urls = answers.flatMap(({ text }) =>
    [...text.matchAll(/(?:https?:\/\/|(?:href|src|action|content)="|"\/)[^"\s<>]*/g)].map(([url]) => url),
  );
  expect(urls.length).toBeGreaterThan(100);
  expect(hitsOf(urls)).toEqual([]);
  expect(hitsOf(await everyRow())).toEqual([]);
}, 60_000);

async function everyRow(): Promise<string[]> {
  const { rows: tables } = await pool().query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await pool().query<{ row: string }>(`SELECT t::text AS row FROM "${name}" t`);
    found.push(...rows.map(({ row }) => `${name}: ${row}`));
  }
  expect(found.length).toBeGreaterThan(100);
  return found;
}
