import { expect, test } from "vitest";
import { addStaff, signInStaff, verifyStaffPassword } from "#app/domain/account/staff.server.ts";
import { passwordProblem } from "#app/domain/account/staff.ts";
import { db } from "#app/infra/db.server.ts";
import { getStaffSession } from "#app/infra/session-store.server.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();

const password = "correct horse battery";
const now = new Date();
const browser = { previousToken: null, userAgent: null, requestId: null, now };

test("a fresh installation has no staff", async () => {
  expect(await db().staffMember.count()).toBe(0);
  expect(await verifyStaffPassword({ email: "admin@example.com", password: "admin" })).toBeNull();
});

test("a member is added with an argon2id hash and an audit row, and signs in with the password", async () => {
  await addStaff({ email: "olga@example.com", name: "Olga", role: "owner", password, now });
  const row = await db().staffMember.findUniqueOrThrow({ where: { email: "olga@example.com" } });
  expect(row.passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  const signedIn = await signInStaff({ email: "olga@example.com", password, ...browser });
  expect(signedIn?.member).toEqual({ id: row.id, email: "olga@example.com", name: "Olga", role: "owner" });
  expect(await getStaffSession(signedIn?.session.token ?? "")).toMatchObject({
    userId: row.id,
    role: "owner",
  });
  const events = await db().auditLog.findMany({ where: { targetId: row.id }, orderBy: { seq: "asc" } });
  expect(events.map((entry) => [entry.event, entry.actorLabel])).toEqual([
    ["staff.added", "command line"],
    ["staff.signed-in", "olga@example.com"],
  ]);
  expect(JSON.stringify(events.map((entry) => entry.after))).not.toContain("argon2");
});

test("a wrong password, an unknown and a disabled address are refused alike", async () => {
  await addStaff({ email: "dora@example.com", role: "admin", password, now });
  await db().staffMember.update({ where: { email: "dora@example.com" }, data: { disabledAt: now } });
  await addStaff({ email: "adam@example.com", role: "admin", password, now });
  for (const given of [
    { email: "adam@example.com", password: "Correct horse battery" },
    { email: "adam@example.com", password: "" },
    { email: "nobody@example.com", password },
    { email: "dora@example.com", password },
  ])
    expect(await signInStaff({ ...given, ...browser }), given.email).toBeNull();
  expect(await db().staffSession.count({ where: { staffMember: { email: "dora@example.com" } } })).toBe(0);
});

test("the same password typed in another Unicode form is the same password", async () => {
  await addStaff({
    email: "umlaut@example.com",
    role: "viewer",
    password: "Zwölf Größen".normalize("NFD"),
    now,
  });
  const given = { email: "umlaut@example.com", password: "Zwölf Größen".normalize("NFC") };
  expect(await verifyStaffPassword(given)).not.toBeNull();
});

test("the same address cannot be added twice, not even at once", async () => {
  const add = () => addStaff({ email: "twin@example.com", role: "support", password, now });
  const results = await Promise.allSettled([add(), add(), add()]);
  expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
  await expect(add()).rejects.toMatchObject({ code: "CONFLICT", field: "email" });
  expect(
    await db().auditLog.count({
      where: { event: "staff.added", after: { path: ["email"], equals: "twin@example.com" } },
    }),
  ).toBe(1);
});

test("weak passwords are refused with the remedy", async () => {
  const email = "someone@example.com";
  expect(passwordProblem("eleven char", email)).toMatch(/11 characters. Use at least 12/);
  expect(passwordProblem("aaaaaaaaaaaaaaaa", email)).toMatch(/repeats/);
  expect(passwordProblem("Someone@Example.com", email)).toMatch(/email address/);
  expect(passwordProblem(` ${password}`, email)).toMatch(/begins or ends with a space/);
  expect(passwordProblem("x1y2z".repeat(41), email)).toMatch(/longer than 200/);
  expect(passwordProblem("🦉🦉🦉🦉🦉🦉 🐎🔋📎🧷", email)).toMatch(/11 characters/);
  expect(passwordProblem(password, email)).toBeNull();
  await expect(addStaff({ email, role: "owner", password: "short", now })).rejects.toMatchObject({
    code: "INVALID",
    field: "password",
  });
  expect(await db().staffMember.count({ where: { email } })).toBe(0);
});
