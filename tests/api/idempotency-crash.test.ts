import pg from "pg";
import { afterAll, expect, test } from "vitest";
import { createApiKey } from "#app/domain/api-key/api-key.server.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { db } from "#app/infra/db.server.ts";
import { type ApiProcess, killApiProcess, startApiProcess } from "#tests/api/api-processes.ts";
import { chooseSettings, noLimits } from "#tests/api/api-server.ts";
import { at, type Reply, send } from "#tests/api/dialect-clients.ts";
import { aPolicy, aProduct } from "#tests/factories.ts";
import { until } from "#tests/scenarios/processes.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

// A process of the API dies by SIGKILL while it makes licenses; whoever asked asks another process again.
const env = await useTestRuntime();
await chooseSettings(noLimits);
const product = await aProduct({ slug: "lumen" });
await aPolicy({ productId: product.id, slug: "lumen-pro" });
const { key } = await createApiKey({
  ...{ name: "Shop", scopes: ["licenses:write"], expiresAt: null, createdBy: "test" },
  ...{ actor: systemActor("test"), now: new Date(), requestId: null },
});
const perSet = 3;
const survivor = await startApiProcess(env);
const holder = new pg.Client({ connectionString: env.databaseUrl });
await holder.connect();
afterAll(() => holder.end());

function create({ url }: Pick<ApiProcess, "url">, idempotencyKey: string): Promise<Reply> {
  return send(`${url}/api/v1/licenses`, {
    body: { policy: "lumen-pro", quantity: perSet, metadata: { sale: idempotencyKey } },
    headers: { Authorization: `Bearer ${key}`, "Idempotency-Key": idempotencyKey },
  });
}

/** How many licenses were made for this sale, and how many answers are kept in all. */
async function made(sale: string): Promise<number> {
  return db().license.count({ where: { metadata: { path: ["sale"], equals: sale } } });
}

/** Asks the process that is left for as long as the dead one's work has not ended at the database. */
async function untilAnswered(server: Pick<ApiProcess, "url">, idempotencyKey: string): Promise<Reply> {
  let reply = await create(server, idempotencyKey);
  await until("the request is answered", async () => {
    if (reply.status !== 409) return true;
    reply = await create(server, idempotencyKey);
    return reply.status !== 409;
  });
  return reply;
}

async function isAnybodyWaiting(event: string): Promise<boolean> {
  const { rows } = await holder.query(
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = $1",
    [event],
  );
  return rows.length > 0;
}

const keysIn = ({ body }: Reply) =>
  Array.from({ length: perSet }, (_, index) => at(body, "licenses", index, "key"));

test("a process that dies before the commit leaves nothing, and the repeat does all of it", async () => {
  const doomed = await startApiProcess(env);
  await holder.query("BEGIN");
  // The record is written last: there the work has to wait, with all licenses written and nothing committed.
  await holder.query("LOCK TABLE idempotency_record IN SHARE MODE");
  const lost = create(doomed, "before").catch(() => "lost");
  await until("the work waits", () => isAnybodyWaiting("relation"));
  await killApiProcess(doomed);
  expect(await lost).toBe("lost");
  // The database has not noticed yet, so the work counts as under way.
  expect(await create(survivor, "before")).toMatchObject({
    status: 409,
    body: { code: "idempotency_in_progress" },
  });
  await holder.query("COMMIT");
  const reply = await untilAnswered(survivor, "before");
  expect(reply.status).toBe(201);
  expect(await made("before")).toBe(perSet);
  expect(new Set(keysIn(reply)).size).toBe(perSet);
});

test("a process that dies between the commit and the answer: the repeat is told the answer that was lost", async () => {
  await holder.query(`
    CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON idempotency_record
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION linger()`);
  const doomed = await startApiProcess(env);
  const lost = create(doomed, "after").catch(() => "lost");
  // The commit has begun: the database ends it, whatever becomes of the process.
  await until("the commit has begun", () => isAnybodyWaiting("PgSleep"));
  await killApiProcess(doomed);
  expect(await lost).toBe("lost");
  const reply = await untilAnswered(survivor, "after");
  await holder.query("DROP TRIGGER linger ON idempotency_record; DROP FUNCTION linger()");
  expect(reply.status).toBe(201);
  expect(reply.headers.get("idempotency-replayed")).toBe("true");
  expect(await made("after")).toBe(perSet);
  const rows = await db().license.findMany({ where: { metadata: { path: ["sale"], equals: "after" } } });
  expect(
    keysIn(reply)
      .map((each) => String(each).slice(-4))
      .sort(),
  ).toEqual(rows.map(({ keyLastGroup }) => keyLastGroup).sort());
});

test("killed at random while many ask until they are answered: one set for each, and every repeat the same", async () => {
  const sales = Array.from({ length: 60 }, (_, index) => `random ${index}`);
  const doomed = await Promise.all([startApiProcess(env), startApiProcess(env)]);
  let killed = 0;
  const killing = (async () => {
    for (const [index, server] of doomed.entries()) {
      // A moment in the middle of the work: somewhere after so many answers are kept.
      const kept = 10 + index * 20 + Math.floor(Math.random() * 10);
      await until("some are answered", async () => {
        return (
          (await db().license.count({
            where: { metadata: { path: ["sale"], string_starts_with: "random" } },
          })) >=
          kept * perSet
        );
      });
      await killApiProcess(server);
      killed += 1;
    }
  })();
  /** A shop's back end: asks the next server when one does not answer. */
  const ask = async (sale: string, first: number): Promise<Reply> => {
    for (let attempt = 0; attempt < 200; attempt++) {
      const servers = [...doomed, survivor];
      const server = servers[(first + attempt) % servers.length] ?? survivor;
      const reply = await create(server, sale).catch(() => null);
      if (reply?.status === 201) return reply;
      // Still worked on, or no connection free on a busy machine: both say so, and both mean "again".
      if (reply) expect([409, 503], JSON.stringify(reply.body)).toContain(reply.status);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`Nobody answered ${sale}.`);
  };
  const replies = await Promise.all(sales.map((sale, index) => ask(sale, index)));
  await killing;
  expect(killed).toBe(2);
  for (const [index, sale] of sales.entries()) {
    expect(await made(sale), sale).toBe(perSet);
    const again = await create(survivor, sale);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(again.body).toEqual(replies[index]?.body);
  }
});
