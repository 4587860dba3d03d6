import { randomBytes } from "node:crypto";
import pg from "pg";
import { expect, test, vi } from "vitest";
import { getListedApiKey, listApiKeyPage } from "#app/domain/api-key/api-key.queries.server.ts";
import {
  createApiKey,
  findApiKey,
  getApiKey,
  listApiKeys,
  type NewApiKey,
  revokeApiKey,
  rotateApiKey,
} from "#app/domain/api-key/api-key.server.ts";
import { apiKeyFromBytes } from "#app/domain/api-key/api-key.ts";
import { noteApiKeyUse, writeApiKeyUses } from "#app/domain/api-key/api-key-uses.server.ts";
import type { Scope } from "#app/domain/api-key/scopes.ts";
import { createApiKeyOnce, rotateApiKeyOnce } from "#app/domain/api-key/submit-api-key.server.ts";
import { newId } from "#app/domain/ids.ts";
import { closeDb, db, inTransaction, pool } from "#app/infra/db.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

const env = await useTestRuntime();
const now = new Date("2027-03-01T12:00:00Z");
const after = (hours: number) => new Date(now.getTime() + hours * 3_600_000);
const actor = { type: "staff", id: "staff_1", label: "olga@example.com" } as const;
const act = { actor, now, requestId: "req_1", createdBy: actor.label };

const create = (overrides: Partial<NewApiKey> = {}) =>
  createApiKey({ ...act, name: "Shop back end", scopes: ["licenses:read"], expiresAt: null, ...overrides });

const auditOf = (id: string) =>
  db().auditLog.findMany({ where: { targetType: "api-key", targetId: id }, orderBy: { seq: "asc" } });

/** What the pool was asked, while `work` ran. */
async function statementsDuring(work: () => Promise<unknown>): Promise<unknown[]> {
  const query = vi.spyOn(pool(), "query");
  await work();
  const statements = query.mock.calls.map(([statement]) => statement as unknown);
  query.mockRestore();
  return statements;
}

test("a new key is found by its text and by nothing else, and its making is in the audit log", async () => {
  const { key, record } = await create({ scopes: ["licenses:write", "licenses:read", "licenses:read"] });
  expect(await findApiKey(key, now)).toEqual({
    id: record.id,
    name: "Shop back end",
    scopes: ["licenses:read", "licenses:write"],
    expiresAt: null,
  });
  expect(record).toMatchObject({ hint: key.slice(-4), createdBy: "olga@example.com", revokedAt: null });
  expect(record).not.toHaveProperty("keyHash");
  expect(await findApiKey(apiKeyFromBytes(randomBytes(25)), now)).toBeNull();
  for (const wrong of [key.toUpperCase(), key.slice(0, -1), `${key} `, record.id, "", "\0"])
    expect(await findApiKey(wrong, now), wrong).toBeNull();
  expect(await auditOf(record.id)).toMatchObject([
    {
      ...{ event: "api-key.created", actorLabel: "olga@example.com", requestId: "req_1" },
      after: { name: "Shop back end", scopes: ["licenses:read", "licenses:write"], hint: key.slice(-4) },
    },
  ]);
});

test("a malformed key is refused without a question, every other costs the same one prepared statement", async () => {
  const { key } = await create();
  const expired = await create({ expiresAt: after(1) });
  const revoked = await create();
  await revokeApiKey({ ...act, id: revoked.record.id });
  const wrong = key.slice(0, 10) + (key.charAt(10) === "0" ? "1" : "0") + key.slice(11);
  expect(await statementsDuring(() => findApiKey(wrong, now))).toEqual([]);
  for (const text of [key, expired.key, revoked.key, apiKeyFromBytes(randomBytes(25))]) {
    const statements = await statementsDuring(() => findApiKey(text, after(2)));
    expect(statements).toMatchObject([{ name: "find-api-key" }]);
  }
});

test("a key stops at its expiry, and cannot be made with one that is past", async () => {
  const { key } = await create({ expiresAt: after(1) });
  expect(await findApiKey(key, new Date(after(1).getTime() - 1))).not.toBeNull();
  expect(await findApiKey(key, after(1))).toBeNull();
  for (const expiresAt of [now, after(-1), new Date("+010000-01-01T00:00:00Z")])
    await expect(create({ expiresAt })).rejects.toMatchObject({ code: "INVALID", field: "expiresAt" });
});

test("a key without a name or a scope is not made", async () => {
  const before = await db().apiKey.count();
  for (const name of ["", "  ", "x".repeat(129), "two\nlines", "nul\0"])
    await expect(create({ name })).rejects.toMatchObject({ code: "INVALID", field: "name" });
  const unknown = ["licenses:eat" as Scope]; // what a caller without types might give
  for (const scopes of [[], unknown])
    await expect(create({ scopes })).rejects.toMatchObject({ code: "INVALID", field: "scopes" });
  expect(await db().apiKey.count()).toBe(before);
  expect((await create({ name: ` ${"x".repeat(128)} ` })).record.name).toBe("x".repeat(128));
});

test("a scope that this version does not know grants nothing", async () => {
  const { key, record } = await create();
  await db().apiKey.update({ where: { id: record.id }, data: { scopes: ["future:all", "licenses:read"] } });
  expect((await findApiKey(key, now))?.scopes).toEqual(["licenses:read"]);
  expect((await getApiKey(record.id))?.scopes).toEqual(["licenses:read"]);
});

test("a revoked key is refused at once over every connection; revoking again changes nothing", async () => {
  const { key, record } = await create();
  // As another process would: its own connections, its statement prepared before the revocation.
  const other = new pg.Pool({ connectionString: env.databaseUrl, max: 2 });
  const found = async () => {
    const { rowCount } = await other.query({
      name: "other",
      text: "SELECT 1 FROM api_key WHERE id = $1 AND revoked_at IS NULL",
      values: [record.id],
    });
    return rowCount === 1;
  };
  expect([await findApiKey(key, now), await found()]).toMatchObject([{ id: record.id }, true]);
  const revoked = await revokeApiKey({ ...act, id: record.id });
  expect([await findApiKey(key, now), await found()]).toEqual([null, false]);
  await other.end();
  expect(await revokeApiKey({ ...act, now: after(1), id: record.id })).toEqual(revoked);
  expect((await auditOf(record.id)).map(({ event }) => event)).toEqual([
    "api-key.created",
    "api-key.revoked",
  ]);
  await expect(revokeApiKey({ ...act, id: "key_none" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(revokeApiKey({ ...act, id: "\0" })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a rotated key works beside the new one until the overlap ends", async () => {
  const scopes: Scope[] = ["licenses:read", "catalog:read"];
  const old = await create({ name: "CI", scopes, expiresAt: after(24 * 90) });
  const later = after(24 * 80);
  const fresh = await rotateApiKey({
    ...act,
    id: old.record.id,
    overlapHours: 24,
    now: later,
    createdBy: "CI",
  });
  expect(fresh.key).not.toBe(old.key);
  expect(fresh.record).toMatchObject({ name: "CI", scopes, createdBy: "CI", rotatedFromId: old.record.id });
  // It lives as long as the old one was made to live.
  expect(fresh.record.expiresAt).toEqual(after(24 * 170));
  const [just, end] = [new Date(after(24 * 81).getTime() - 1), after(24 * 81)];
  expect(await findApiKey(old.key, just)).not.toBeNull();
  expect(await findApiKey(old.key, end)).toBeNull();
  expect(await findApiKey(fresh.key, end)).toMatchObject({ id: fresh.record.id, scopes });
  expect((await auditOf(old.record.id)).at(-1)).toMatchObject({
    event: "api-key.rotated",
    after: { replacedBy: fresh.record.id },
  });
  expect(await auditOf(fresh.record.id)).toMatchObject([{ event: "api-key.created" }]);
});

test("a life that reached the last year there is ends there after a rotation, too", async () => {
  const last = new Date("9999-12-31T23:59:59.999Z");
  const { record } = await create({ expiresAt: last });
  const fresh = await rotateApiKey({ ...act, id: record.id, overlapHours: 1, now: after(24 * 365) });
  expect(fresh.record.expiresAt).toEqual(last);
  expect((await getApiKey(fresh.record.id))?.expiresAt).toEqual(last);
});

test("an overlap never lengthens a key's life, and none ends it at once", async () => {
  const short = await create({ expiresAt: after(2) });
  await rotateApiKey({ ...act, id: short.record.id, overlapHours: 24 });
  expect((await getApiKey(short.record.id))?.expiresAt).toEqual(after(2));
  const forever = await create();
  const fresh = await rotateApiKey({ ...act, id: forever.record.id, overlapHours: 0 });
  expect(fresh.record.expiresAt).toBeNull();
  expect(await findApiKey(forever.key, now)).toBeNull();
  expect(await findApiKey(fresh.key, now)).not.toBeNull();
});

test("a key is rotated once, also by many at a time, and not after its end", async () => {
  const { record } = await create();
  const rotate = (id: string, overlapHours = 1) => rotateApiKey({ ...act, id, overlapHours });
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => rotate(record.id)));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await db().apiKey.count({ where: { rotatedFromId: record.id } })).toBe(1);
  for (const overlapHours of [-1, 1.5, 721, Number.NaN]) {
    const { id } = (await create()).record;
    await expect(rotate(id, overlapHours)).rejects.toMatchObject({ code: "INVALID", field: "overlapHours" });
  }
  const revoked = await create();
  await revokeApiKey({ ...act, id: revoked.record.id });
  await expect(rotate(revoked.record.id)).rejects.toMatchObject({ code: "CONFLICT" });
  const expired = await create({ expiresAt: after(1) });
  const late = { ...act, id: expired.record.id, overlapHours: 1, now: after(2) };
  await expect(rotateApiKey(late)).rejects.toMatchObject({ code: "CONFLICT" });
  await expect(rotate("key_none")).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a key whose successor was revoked ends all the same and is not rotated again", async () => {
  const old = await create();
  const request = { ...act, id: old.record.id, overlapHours: 24 };
  const lost = await rotateApiKey(request);
  await revokeApiKey({ ...act, id: lost.record.id });
  await expect(rotateApiKey(request)).rejects.toMatchObject({ code: "CONFLICT" });
  expect((await getListedApiKey(old.record.id, now))?.state).toBe("replaced");
  expect(await findApiKey(old.key, after(24))).toBeNull();
});

test("a form that is sent twice makes one key and says so the second time", async () => {
  const form = { ...act, submission: crypto.randomUUID(), name: "Twice", scopes: ["licenses:read"] as const };
  const send = () => createApiKeyOnce({ ...form, expiresAt: null });
  const outcomes = await Promise.all([send(), send(), send()]);
  const made = outcomes.flatMap((outcome) => ("made" in outcome ? [outcome.made] : []));
  expect(made).toHaveLength(1);
  expect(outcomes).toContainEqual({ said: expect.stringMatching(/Twice was already created/) });
  expect(await db().apiKey.count({ where: { name: "Twice" } })).toBe(1);
  const rotation = { ...act, submission: crypto.randomUUID(), id: made[0]?.record.id ?? "", overlapHours: 1 };
  expect(await rotateApiKeyOnce(rotation)).toHaveProperty("made");
  expect(await rotateApiKeyOnce(rotation)).toEqual({ said: expect.stringMatching(/already rotated/) });
  // What was refused was not carried out: the corrected form may come with the same token.
  const refused = { ...form, submission: crypto.randomUUID() };
  await expect(createApiKeyOnce({ ...refused, expiresAt: now })).rejects.toMatchObject({ code: "INVALID" });
  expect(await createApiKeyOnce({ ...refused, expiresAt: null })).toHaveProperty("made");
});

test("a key that is made within a transaction that fails was never there", async () => {
  let key = "";
  const failing = inTransaction(async () => {
    key = (await create({ name: "Undone" })).key;
    throw new Error("the work around it failed");
  });
  await expect(failing).rejects.toThrow("the work around it failed");
  expect(await findApiKey(key, now)).toBeNull();
  expect(await db().apiKey.count({ where: { name: "Undone" } })).toBe(0);
});

test("the last use is written behind: no write in the request, and it never moves back", async () => {
  const { key, record } = await create();
  const lastUsedAt = async () => (await getApiKey(record.id))?.lastUsedAt;
  const statements = await statementsDuring(async () => {
    await findApiKey(key, after(1));
    await findApiKey(key, after(2));
  });
  expect(statements).toHaveLength(2);
  expect(await lastUsedAt()).toBeNull();
  await writeApiKeyUses();
  expect(await lastUsedAt()).toEqual(after(2));
  expect(await statementsDuring(writeApiKeyUses)).toEqual([]);
  await findApiKey(key, after(1));
  await writeApiKeyUses();
  expect(await lastUsedAt()).toEqual(after(2));
});

test("a use is written half a minute later by itself, and kept when the database cannot be reached", async () => {
  const { record } = await create();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const query = vi.spyOn(pool(), "query").mockRejectedValueOnce(new Error("no connection") as never);
  const warn = vi.spyOn(logger(), "warn").mockImplementation(() => undefined);
  noteApiKeyUse(record.id, after(3));
  vi.advanceTimersByTime(29_999);
  expect(query).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(query).toHaveBeenCalledOnce();
  vi.useRealTimers();
  await vi.waitFor(() => expect(warn).toHaveBeenCalledOnce());
  query.mockRestore();
  warn.mockRestore();
  await writeApiKeyUses();
  expect((await getApiKey(record.id))?.lastUsedAt).toEqual(after(3));
});

test("what is not written yet is written before the connections close", async () => {
  const { key, record } = await create();
  await findApiKey(key, after(4));
  await closeDb();
  expect((await getApiKey(record.id))?.lastUsedAt).toEqual(after(4));
});

test("two processes that write the uses of the same keys do not stop each other", async () => {
  const ids = await Promise.all(Array.from({ length: 20 }, async () => (await create()).record.id));
  const writes = Array.from({ length: 10 }, (_, round) => {
    for (const id of round % 2 ? ids : [...ids].reverse()) noteApiKeyUse(id, after(round));
    return writeApiKeyUses();
  });
  await Promise.all(writes);
  const used = await db().apiKey.findMany({ where: { id: { in: ids } } });
  expect(new Set(used.map(({ lastUsedAt }) => lastUsedAt?.getTime()))).toEqual(new Set([after(9).getTime()]));
});

test("lists show the newest first, page by page, with the state of this moment", async () => {
  await db().apiKey.deleteMany();
  const made = [];
  for (let i = 0; i < 5; i++)
    made.push(await create({ now: after(i), name: `Key ${i}`, expiresAt: after(9) }));
  const [first, second, third] = made.map(({ record }) => record.id);
  await rotateApiKey({ ...act, now: after(5), id: first ?? "", overlapHours: 1 });
  await revokeApiKey({ ...act, now: after(5), id: second ?? "" });
  expect((await listApiKeys()).map(({ name }) => name)).toEqual([
    "Key 0",
    "Key 4",
    "Key 3",
    "Key 2",
    "Key 1",
    "Key 0",
  ]);
  const top = await listApiKeyPage({ now: after(5), limit: 4 });
  expect(top.rows.map(({ name, state }) => [name, state])).toEqual([
    ["Key 0", "active"],
    ["Key 4", "active"],
    ["Key 3", "active"],
    ["Key 2", "active"],
  ]);
  const rest = await listApiKeyPage({ now: after(5), limit: 4, after: top.next ?? "" });
  expect(rest.rows.map(({ id, state }) => [id, state])).toEqual([
    [second, "revoked"],
    [first, "replaced"],
  ]);
  expect((await listApiKeyPage({ now: after(9) })).rows.find(({ id }) => id === third)?.state).toBe(
    "expired",
  );
});

test("a key in clear stands in no table, and every id of a key is one of ours", async () => {
  const made = await create();
  const rotated = await rotateApiKey({ ...act, id: made.record.id, overlapHours: 5 });
  const { rows: tables } = await pool().query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
  );
  for (const { name } of tables)
    for (const { key } of [made, rotated]) {
      const { rows } = await pool().query(`SELECT t::text FROM "${name}" t WHERE t::text LIKE $1`, [
        `%${key.slice(3, 20)}%`,
      ]);
      expect([name, rows]).toEqual([name, []]);
    }
  expect(made.record.id).toMatch(/^key_[0-9a-z]{26}$/);
  expect(made.record.id).toHaveLength(newId("key").length);
});
