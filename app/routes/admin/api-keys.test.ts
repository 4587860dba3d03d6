import { expect, test } from "vitest";
import type { Role } from "#app/domain/account/roles.ts";
import { createApiKey, findApiKey, getApiKey } from "#app/domain/api-key/api-key.server.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { db, inTransaction, pool } from "#app/infra/db.server.ts";
import { createStaffSession } from "#app/infra/session-store.server.ts";
import { action, loader } from "#app/routes/admin/api-keys.tsx";
import { aStaffMember } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const context = { requestId: "req_1", nonce: "n", clientAddress: "127.0.0.1" };

async function ask(role: Role, query = "", form?: Record<string, string>) {
  const { id } = await aStaffMember({ role, email: `${crypto.randomUUID()}@example.com` });
  const session = { previousToken: null, userAgent: null, now: new Date(), staffMemberId: id };
  const { token } = await inTransaction((tx) => createStaffSession(tx, session));
  return as(token, query, form);
}

function as(token: string, query: string, form?: Record<string, string>) {
  const headers = { Cookie: `latchkey-staff=${token}` };
  const init = form ? { method: "POST", body: new URLSearchParams(form), headers } : { headers };
  return { request: new Request(`http://localhost:3000/admin/api-keys${query}`, init), params: {}, context };
}

/** The same form by the same person, as often as it is asked for. */
async function sender(form: Record<string, string>) {
  const { request } = await ask("admin");
  const token = request.headers.get("cookie")?.split("=")[1] ?? "";
  return () => action(as(token, "", form));
}

const createForm = (overrides: Record<string, string> = {}) => ({
  ...{ intent: "create", submission: crypto.randomUUID(), name: "Shop back end", expiresAt: "" },
  ...{ "licenses:read": "on", "licenses:write": "on", ...overrides },
});

async function storedKey(name: string) {
  const by = { actor: systemActor("tests"), createdBy: "tests", now: new Date(), requestId: null };
  return createApiKey({ ...by, name, scopes: ["licenses:read"], expiresAt: null });
}

async function refusalOf(answer: Promise<unknown>): Promise<number> {
  const response = await answer.catch((thrown: unknown) => thrown);
  if (!(response instanceof Response)) throw new Error("the answer is no response");
  return response.status;
}

test("a created key is in the answer to its form, and in no header, list, table or second answer", async () => {
  const send = await sender(createForm({ expiresAt: "2999-12-31" }));
  const response = await send();
  expect(response.status).toBe(200);
  const { made } = (await response.json()) as { made: { key: string; name: string } };
  const found = await findApiKey(made.key, new Date());
  expect(found).toMatchObject({ name: "Shop back end", scopes: ["licenses:read", "licenses:write"] });
  expect(await getApiKey(found?.id ?? "")).toMatchObject({ expiresAt: new Date("2999-12-31T23:59:59.999Z") });
  expect(JSON.stringify([...response.headers])).not.toContain(made.key);

  const again = await send();
  expect([again.status, await again.json()]).toEqual([
    200,
    { said: expect.stringContaining("already created") },
  ]);
  expect(await db().apiKey.count({ where: { name: "Shop back end" } })).toBe(1);
  expect(JSON.stringify(await loader(await ask("owner")))).not.toContain(made.key);
  const { rows: tables } = await pool().query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
  );
  for (const { name } of tables) {
    const pattern = `%${made.key.slice(3, 20)}%`;
    const { rows } = await pool().query(`SELECT 1 FROM "${name}" t WHERE t::text LIKE $1`, [pattern]);
    expect([name, rows]).toEqual([name, []]);
  }
});

test("a refused form says why, keeps what was ticked, and can be sent again corrected", async () => {
  const submission = crypto.randomUUID();
  const cases: [form: Record<string, string>, field: string][] = [
    [{ name: "" }, "name"],
    [{ name: "x".repeat(129) }, "name"],
    [{ "licenses:read": "", "licenses:write": "" }, "scopes"],
    [{ expiresAt: "2020-01-01" }, "expiresAt"],
    [{ expiresAt: "tomorrow" }, "expiresAt"],
  ];
  for (const [wrong, field] of cases) {
    const response = await action(await ask("owner", "", createForm({ submission, ...wrong })));
    expect([wrong, response.status]).toEqual([wrong, 422]);
    expect(await response.json()).toMatchObject({
      form: { errors: { [field]: expect.any(String) }, values: createForm({ submission, ...wrong }) },
    });
  }
  const corrected = await action(await ask("owner", "", createForm({ submission, name: "Corrected" })));
  expect(await corrected.json()).toHaveProperty("made.name", "Corrected");
});

test("a rotation shows the new key once and lets the old one work for the hours asked for", async () => {
  const old = await storedKey("Rotating");
  const form = {
    intent: "rotate",
    submission: crypto.randomUUID(),
    apiKeyId: old.record.id,
    overlapHours: "2",
  };
  const send = await sender(form);
  const { made } = (await (await send()).json()) as { made: { key: string } };
  expect(await findApiKey(made.key, new Date())).toMatchObject({ name: "Rotating" });
  expect(await findApiKey(old.key, new Date(Date.now() + 7_000_000))).not.toBeNull();
  expect(await findApiKey(old.key, new Date(Date.now() + 7_200_000))).toBeNull();
  expect(await (await send()).json()).toEqual({ said: expect.stringContaining("already rotated") });
  const anew = await action(await ask("owner", "", { ...form, submission: crypto.randomUUID() }));
  expect([anew.status, await anew.json()]).toMatchObject([
    409,
    { form: { formError: expect.stringContaining("rotated already") } },
  ]);
  const empty = { ...form, submission: crypto.randomUUID(), overlapHours: "" };
  expect((await action(await ask("owner", "", empty))).status).toBe(422);
});

test("a revocation leads back to the list, is done once, and ends the key at once", async () => {
  const { key, record } = await storedKey("Leaked");
  const send = await sender({ intent: "revoke", apiKeyId: record.id });
  const response = await send();
  expect([response.status, response.headers.get("Location")]).toEqual([303, "/admin/api-keys"]);
  expect(await findApiKey(key, new Date())).toBeNull();
  const { revokedAt } = (await getApiKey(record.id)) ?? {};
  expect((await send()).status).toBe(303);
  expect((await getApiKey(record.id))?.revokedAt).toEqual(revokedAt);
  expect((await action(await ask("admin", "", { intent: "revoke", apiKeyId: "key_none" }))).status).toBe(404);
});

test("a dialog opens only for what can be done to the key it is about", async () => {
  const { record } = await storedKey("Dialogs");
  const openFor = async (query: string) => (await loader(await ask("owner", query))).open;
  expect(await openFor("?do=create")).toBe("create");
  expect(await openFor(`?do=rotate&id=${record.id}`)).toBe("rotate");
  expect(await openFor(`?do=revoke&id=${record.id}`)).toBe("revoke");
  for (const query of ["", "?do=rotate", "?do=revoke&id=key_none", "?do=eat", "?do=revoke&id=%00"])
    expect(await openFor(query), query).toBeNull();
  await action(await ask("owner", "", { intent: "revoke", apiKeyId: record.id }));
  expect(await openFor(`?do=rotate&id=${record.id}`)).toBeNull();
});

test("only owner and admin may see or change keys", async () => {
  const { record } = await storedKey("Guarded");
  for (const role of ["support", "viewer"] as const) {
    expect(await refusalOf(ask(role).then(loader))).toBe(403);
    for (const form of [createForm(), { intent: "revoke", apiKeyId: record.id }])
      expect(await refusalOf(ask(role, "", form).then(action))).toBe(403);
  }
  expect((await getApiKey(record.id))?.revokedAt).toBeNull();
  const { apiKeys } = await loader(await ask("admin"));
  expect(apiKeys.find(({ id }) => id === record.id)).toMatchObject({
    ...{ name: "Guarded", hint: record.hint, scopes: ["licenses:read"], createdBy: "tests" },
    ...{ state: "active", lastUsedAt: null, expiresAt: null },
  });
  expect(JSON.stringify(apiKeys)).not.toContain("keyHash");
});
