import { expect, test } from "vitest";
import { type Permission, permissions, roles } from "#app/domain/account/roles.ts";
import { getCustomer, getStaff, requireCustomer, requireStaff } from "#app/http/guards.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { createCustomerSession, createStaffSession } from "#app/infra/session-store.server.ts";
import { aCustomer, aStaffMember } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();

const browser = { previousToken: null, userAgent: null, now: new Date() };

function ask(path: string, cookies: Record<string, string> = {}, method = "GET"): Request {
  const cookie = Object.entries(cookies).map(([name, value]) => `latchkey-${name}=${value}`);
  return new Request(`http://localhost:3000${path}`, { method, headers: { Cookie: cookie.join("; ") } });
}

async function refusal(
  guard: Promise<unknown>,
): Promise<{ status: number; location: string | null; text: string }> {
  const thrown: unknown = await guard.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(thrown instanceof Response)) throw new Error("not refused");
  return { status: thrown.status, location: thrown.headers.get("Location"), text: await thrown.text() };
}

test("who is not signed in is led to the sign-in page and back", async () => {
  expect(await refusal(requireCustomer(ask("/portal/licenses/lic_1?show=all&x=ä")))).toMatchObject({
    status: 303,
    location: "/sign-in?redirectTo=%2Fportal%2Flicenses%2Flic_1%3Fshow%3Dall%26x%3D%25C3%25A4",
  });
  expect(await refusal(requireStaff(ask("/admin/orders", {}, "POST"), "order.read"))).toMatchObject({
    status: 303,
    location: "/sign-in?as=staff&redirectTo=%2Fadmin%2Forders",
  });
});

test("a signed-in customer is who the session says, and no staff", async () => {
  const { id, email } = await aCustomer({ name: "Anne" });
  const { token } = await inTransaction((tx) => createCustomerSession(tx, { ...browser, customerId: id }));
  const customer = { id, email, name: "Anne", actor: { type: "customer", id, label: email } };
  expect(await requireCustomer(ask("/portal", { session: token }))).toEqual(customer);
  for (const cookies of [{ session: token }, { staff: token }]) {
    expect(await getStaff(ask("/admin", cookies))).toBeNull();
    expect((await refusal(requireStaff(ask("/admin", cookies), "license.read"))).status).toBe(303);
  }
});

test("each role passes exactly the guards its permissions name", async () => {
  for (const role of roles) {
    const { id, email } = await aStaffMember({ role });
    const { token } = await inTransaction((tx) => createStaffSession(tx, { ...browser, staffMemberId: id }));
    const passed: Permission[] = [];
    for (const permission of permissions) {
      const request = ask("/admin", { staff: token });
      const staff = await requireStaff(request, permission).catch((thrown: unknown) => thrown);
      if (staff instanceof Response)
        expect([staff.status, await staff.text()]).toEqual([403, expect.stringContaining(role)]);
      else passed.push(permission);
    }
    const staff = await getStaff(ask("/admin", { staff: token }));
    expect(staff).toMatchObject({ id, email, role, actor: { type: "staff", id, label: email } });
    expect(permissions.filter((permission) => staff?.may(permission))).toEqual(passed);
    expect(passed.length, role).toBeGreaterThan(0);
    expect(await getCustomer(ask("/portal", { session: token, staff: token }))).toBeNull();
  }
});

test("a lowered role counts at the next request, a disabled member and a made-up role are nobody", async () => {
  const { id } = await aStaffMember({ role: "owner" });
  const { token } = await inTransaction((tx) => createStaffSession(tx, { ...browser, staffMemberId: id }));
  const request = () => ask("/admin", { staff: token });
  expect((await requireStaff(request(), "license.revoke")).role).toBe("owner");
  await db().staffMember.update({ where: { id }, data: { role: "viewer" } });
  expect((await refusal(requireStaff(request(), "license.revoke"))).status).toBe(403);
  await db().staffMember.update({ where: { id }, data: { role: "emperor" } });
  expect(await getStaff(request())).toBeNull();
  await db().staffMember.update({ where: { id }, data: { role: "owner", disabledAt: new Date() } });
  expect((await refusal(requireStaff(request(), "license.read"))).status).toBe(303);
  await db().staffMember.update({ where: { id }, data: { disabledAt: null } });
  expect(await getStaff(request())).toBeNull();
});

test("on a fresh installation the admin area is closed to everybody", async () => {
  for (const path of ["/admin", "/admin/licenses/new", "/setup"])
    expect((await refusal(requireStaff(ask(path), "license.read"))).location).toMatch(/^\/sign-in\?as=staff/);
});
