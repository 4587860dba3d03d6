import { connect, createServer, type Socket } from "node:net";
import { afterAll, expect, test } from "vitest";
import { allDialects } from "#app/api/dialects.server.ts";
import { createApiKey } from "#app/domain/api-key/api-key.server.ts";
import { scopes } from "#app/domain/api-key/scopes.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { chooseSettings, noLimits } from "#tests/api/api-server.ts";
import type { Wire } from "#tests/api/fuzz-mutations.ts";
import { samplerOf } from "#tests/api/fuzz-samples.ts";
import { publicQuestions } from "#tests/api/public-questions.ts";
import { createLane } from "#tests/api/raw-lane.ts";
import { startWholeServer } from "#tests/api/start-whole-server.ts";
import { seededRandom } from "#tests/crash/seeded-random.ts";
import { aLicense, aPolicy, aProduct } from "#tests/factories.ts";
import { until } from "#tests/scenarios/processes.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

const env = await useTestRuntime();
await chooseSettings(noLimits);
const product = await aProduct({ slug: "lumen" });
const key = readKey(await aLicense({ policyId: (await aPolicy({ productId: product.id })).id }));
const { key: apiKey } = await createApiKey({
  ...{ name: "Shop", scopes: [...scopes], expiresAt: null, createdBy: "tests" },
  ...{ actor: systemActor("tests"), now: new Date(), requestId: null },
});
const wire = await startDatabaseWire(new URL(env.databaseUrl));
const server = await startWholeServer({ ...env, databaseUrl: wire.url }, { LOG_LEVEL: "info" });

/** The database at another address, which can be cut off and joined again. */
async function startDatabaseWire(database: URL) {
  const port = Number(database.port || 5432);
  const socketFolder = database.searchParams.get("host");
  const sockets = new Set<Socket>();
  let isCut = false;
  const relay = createServer((client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    const upstream = socketFolder
      ? connect(`${socketFolder}/.s.PGSQL.${port}`)
      : connect(port, database.hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on("error", () => to.destroy()).on("close", () => sockets.delete(from));
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  afterAll(() => {
    cut();
    relay.close();
  });
  const address = relay.address();
  const url = new URL(database);
  url.searchParams.delete("host");
  url.hostname = "127.0.0.1";
  url.port = typeof address === "object" && address ? String(address.port) : "";
  const join = () => {
    isCut = false;
  };
  return { url: url.href, cut, join };
}

test("while the database is away every call that needs it is told to try again, and none hangs", async () => {
  for (const question of publicQuestions) expect((await question.ask(server.url, key)).status).not.toBe(503);
  wire.cut();
  for (const question of publicQuestions) {
    const { status, headers, ms } = await question.ask(server.url, key);
    expect(status, question.name).toBe(503);
    expect(Number(headers.get("retry-after")), question.name).toBeGreaterThan(0);
    expect(ms).toBeLessThan(10_000);
  }
  const random = seededRandom(1);
  const lane = createLane(server.port);
  const known = { key: [key], licensekey: [key], license: [key], id: [key], account: ["x"] };
  for (const endpoint of allDialects.flatMap(({ endpoints }) => endpoints)) {
    const sampler = samplerOf(endpoint, known, random);
    const call: Wire = {
      method: endpoint.method,
      target: sampler.path(),
      headers: [
        ["Authorization", endpoint.access === "public" ? `License ${key}` : `Bearer ${apiKey}`],
        ["Content-Type", "application/json"],
      ],
      body: Buffer.from(sampler.body ? JSON.stringify(sampler.body()) : ""),
    };
    const answer = await lane.ask(call, 10_000);
    const place = `${endpoint.method} ${endpoint.path}`;
    // What asks no database, or refuses the request before it would, answers as ever.
    if (endpoint.access === "public") expect([200, 400, 401, 404, 422, 503], place).toContain(answer?.status);
    else expect(answer?.status, place).toBe(503);
  }
  lane.close();
  wire.join();
  for (const question of publicQuestions)
    await until(`${question.name} works again`, async () =>
      question.isKnown(await question.ask(server.url, key)),
    );
  expect(server.isAlive()).toBe(true);
}, 120_000);

test("an outage is a warning in the log and no error", async () => {
  expect(await server.stop()).toBe(0);
  const records = server
    .log()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as { level: number; msg: string });
  expect(records.filter(({ level }) => level === 40).length).toBeGreaterThan(0);
  // An answer of 503 is an error of the service, told in one line; nothing else is.
  expect(records.filter(({ level, msg }) => level >= 50 && msg !== "api call")).toEqual([]);
});
