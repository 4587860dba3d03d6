import { afterEach, expect, test, vi } from "vitest";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { sha256Hex } from "#app/infra/secrets.server.ts";
import {
  createCustomerSession,
  createStaffSession,
  endSession,
  endSessions,
  getCustomerSession,
  getStaffSession,
} from "#app/infra/session-store.server.ts";
import { aCustomer, aStaffMember } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
afterEach(() => vi.useRealTimers());

const minute = 60_000;
const day = 24 * 60 * minute;

/** Only the clock is false; timers run on, so that the database answers. */
function setClock(start: Date, laterMs: number) {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(start.getTime() + laterMs);
}

async function customerSession(now = new Date()) {
  const customer = await aCustomer();
  const of = { customerId: customer.id, previousToken: null, userAgent: "Browser", now };
  return { customer, ...(await inTransaction((tx) => createCustomerSession(tx, of))) };
}

async function staffSession(overrides: Parameters<typeof aStaffMember>[0] = {}, now = new Date()) {
  const member = await aStaffMember(overrides);
  const of = { staffMemberId: member.id, previousToken: null, userAgent: null, now };
  return { member, ...(await inTransaction((tx) => createStaffSession(tx, of))) };
}

test("a session is found by its token only; the row holds the SHA-256 of it", async () => {
  const { customer, token } = await customerSession();
  expect(Buffer.from(token, "base64url")).toHaveLength(32);
  expect(await getCustomerSession(token)).toMatchObject({ userId: customer.id, email: customer.email });
  const [row] = await db().customerSession.findMany({ where: { customerId: customer.id } });
  expect(row?.id).toBe(sha256Hex(token));
  for (const other of [row?.id ?? "", "", `${token}x`, token.slice(1), "x".repeat(5000)])
    expect(await getCustomerSession(other)).toBeNull();
});

test("a customer's token opens nothing for staff, nor the other way round", async () => {
  const customer = await customerSession();
  const staff = await staffSession();
  expect(await getStaffSession(customer.token)).toBeNull();
  expect(await getCustomerSession(staff.token)).toBeNull();
});

test("a customer's session ends after 30 days unused", async () => {
  const start = new Date();
  const { token } = await customerSession(start);
  setClock(start, 30 * day - minute);
  expect(await getCustomerSession(token)).not.toBeNull();
  setClock(start, 60 * day);
  expect(await getCustomerSession(token)).toBeNull();
  expect(await db().customerSession.count({ where: { id: sha256Hex(token) } })).toBe(0);
});

test("using a session moves its idle limit once half of it is gone, and not before", async () => {
  const start = new Date();
  const { token } = await customerSession(start);
  const expiresAt = async () =>
    (await db().customerSession.findUniqueOrThrow({ where: { id: sha256Hex(token) } })).expiresAt.getTime();
  const first = await expiresAt();
  setClock(start, 14 * day);
  await getCustomerSession(token);
  expect(await expiresAt()).toBe(first);
  setClock(start, 16 * day);
  await getCustomerSession(token);
  expect(await expiresAt()).toBe(start.getTime() + 46 * day);
});

test("a customer's session ends after 90 days however often it is used", async () => {
  const start = new Date();
  const { token } = await customerSession(start);
  for (let days = 5; days < 90; days += 5) {
    setClock(start, days * day);
    expect(await getCustomerSession(token), `day ${days}`).not.toBeNull();
  }
  setClock(start, 90 * day - minute);
  expect(await getCustomerSession(token)).not.toBeNull();
  setClock(start, 90 * day + 1000);
  expect(await getCustomerSession(token)).toBeNull();
});

test("a staff session ends after 30 minutes unused and after 12 hours of use", async () => {
  const start = new Date();
  const idle = await staffSession({}, start);
  setClock(start, 31 * minute);
  expect(await getStaffSession(idle.token)).toBeNull();
  vi.useRealTimers();
  const busyStart = new Date();
  const busy = await staffSession({}, busyStart);
  for (let minutes = 10; minutes < 12 * 60; minutes += 10) {
    setClock(busyStart, minutes * minute);
    expect(await getStaffSession(busy.token), `minute ${minutes}`).not.toBeNull();
  }
  setClock(busyStart, 12 * 60 * minute + 1000);
  expect(await getStaffSession(busy.token)).toBeNull();
});

test("ending one session leaves the other; disabling a member ends all of theirs", async () => {
  const { member, token } = await staffSession();
  const of = { staffMemberId: member.id, previousToken: null, userAgent: null, now: new Date() };
  const second = await inTransaction((tx) => createStaffSession(tx, of));
  const third = await inTransaction((tx) => createStaffSession(tx, of));
  await endSession("staff", token);
  await endSession("staff", token);
  expect(await getStaffSession(token)).toBeNull();
  expect(await getStaffSession(second.token)).not.toBeNull();
  await db().staffMember.update({ where: { id: member.id }, data: { disabledAt: new Date() } });
  expect(await getStaffSession(second.token)).toBeNull();
  expect(await getStaffSession(third.token)).toBeNull();
});

test("all sessions of a person end together", async () => {
  const { customer, token } = await customerSession();
  await inTransaction((tx) => endSessions(tx, "customer", customer.id));
  expect(await getCustomerSession(token)).toBeNull();
});

test("a new session replaces the one the browser held", async () => {
  const { customer, token } = await customerSession();
  const of = { customerId: customer.id, previousToken: token, userAgent: null, now: new Date() };
  const next = await inTransaction((tx) => createCustomerSession(tx, of));
  expect(next.token).not.toBe(token);
  expect(await getCustomerSession(token)).toBeNull();
  expect(await getCustomerSession(next.token)).not.toBeNull();
});

test("the role is the one of this moment", async () => {
  const { member, token } = await staffSession({ role: "admin" });
  expect(await getStaffSession(token)).toMatchObject({ role: "admin" });
  await db().staffMember.update({ where: { id: member.id }, data: { role: "viewer" } });
  expect(await getStaffSession(token)).toMatchObject({ role: "viewer" });
});
