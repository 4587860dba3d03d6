import { expect, test } from "vitest";
import { isRole, may, type Permission, permissions, type Role, roles } from "#app/domain/account/roles.ts";

// x = may. Every cell is written out, so that a new permission or role fails here until somebody decides.
const table: Record<Permission, [owner: string, admin: string, support: string, viewer: string]> = {
  "license.read": ["x", "x", "x", "x"],
  "license.issue": ["x", "x", "-", "-"],
  "license.extend": ["x", "x", "x", "-"],
  "license.suspend": ["x", "x", "x", "-"],
  "license.reinstate": ["x", "x", "x", "-"],
  "license.revoke": ["x", "x", "-", "-"],
  "license.assign": ["x", "x", "-", "-"],
  "license.resend": ["x", "x", "x", "-"],
  "license.reveal-key": ["x", "x", "x", "-"],
  "license.change-limit": ["x", "x", "x", "-"],
  "license.release-device": ["x", "x", "x", "-"],
  "customer.read": ["x", "x", "x", "x"],
  "order.read": ["x", "x", "x", "x"],
  "webhook.read": ["x", "x", "x", "x"],
  "webhook.replay": ["x", "x", "-", "-"],
  "email.read": ["x", "x", "x", "x"],
  "email.retry": ["x", "x", "x", "-"],
  "audit.read": ["x", "x", "x", "x"],
  "alert.resolve": ["x", "x", "-", "-"],
  "api-key.manage": ["x", "x", "-", "-"],
  "signing-key.manage": ["x", "x", "-", "-"],
};
const columns: readonly Role[] = ["owner", "admin", "support", "viewer"];

test("each role may exactly what the table says", () => {
  expect(Object.keys(table).sort()).toEqual([...permissions].sort());
  expect([...roles]).toEqual(columns);
  for (const permission of permissions)
    for (const [i, role] of columns.entries())
      expect(may(role, permission), `${role} ${permission}`).toBe(table[permission][i] === "x");
});

test("only the four roles are roles", () => {
  for (const role of roles) expect(isRole(role)).toBe(true);
  for (const value of ["", "Owner", "root", "toString", "__proto__"]) expect(isRole(value)).toBe(false);
});
