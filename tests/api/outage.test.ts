import pg from "pg";
import { expect, inject, test } from "vitest";
import { createApiKey } from "#app/domain/api-key/api-key.server.ts";
import { scopes } from "#app/domain/api-key/scopes.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { callApi, startApi } from "#tests/api/api-server.ts";
import { publicQuestions } from "#tests/api/public-questions.ts";
import { aLicense, aPolicy, aProduct } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

const { databaseUrl } = await useTestRuntime();
const { url } = await startApi({ publicCallsPerAddressPerMinute: 1000, managementCallsPerSecond: 1000 });
const policy = await aPolicy({ productId: (await aProduct({ slug: "lumen" })).id });
const key = readKey(await aLicense({ policyId: policy.id }));
const { key: apiKey } = await createApiKey({
  ...{ name: "Shop", scopes: [...scopes], expiresAt: null, createdBy: "test" },
  ...{ actor: systemActor("test"), now: new Date(), requestId: null },
});

async function asAdmin(...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: inject("testDatabaseServer").adminUrl });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

/** Does `work` while nobody gets into the database, and everybody who was in it is out. */
async function withoutDatabase(work: () => Promise<void>): Promise<void> {
  const name = new URL(databaseUrl).pathname.slice(1);
  await asAdmin(
    `ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
  );
  try {
    await work();
  } finally {
    await asAdmin(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS true`);
  }
}

/** How back ends of each system ask. */
const managementCalls = [
  "/api/v1/licenses",
  "/api/v1/api-keys",
  "/management/licenses",
  "/v1/licenses?appId=lumen",
  "/v3/licenses",
];

test("while the database is away every system's clients are told to come again, and nothing about a license", async () => {
  await withoutDatabase(async () => {
    for (const question of publicQuestions) {
      const { status, text, headers } = await question.ask(url, key);
      expect(status, `${question.name}: ${text}`).toBe(503);
      expect(Number(headers.get("retry-after")), question.name).toBeGreaterThan(0);
      expect(headers.get("ratelimit-limit"), question.name).not.toBeNull();
      expect(text, question.name).not.toMatch(/"(valid|activated|deactivated)":|not.found|revoked|expired/i);
    }
    for (const path of managementCalls) {
      const call = await callApi(url + path, { headers: { Authorization: `Bearer ${apiKey}` } });
      expect(call.status, path).toBe(503);
      expect(Number(call.headers.get("retry-after")), path).toBeGreaterThan(0);
    }
  });
  for (const question of publicQuestions)
    expect(question.isKnown(await question.ask(url, key)), question.name).toBe(true);
});
