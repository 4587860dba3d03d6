import { expect, test } from "vitest";
import { auditTargetPath } from "#app/routes/admin/audit-target-path.ts";
import { minutesBetween } from "#app/routes/admin/inbox-lag.tsx";

test("an audit row leads to the page of what it is about", () => {
  expect(auditTargetPath("license", "lic_1", "owner")).toBe("/admin/licenses/lic_1");
  expect(auditTargetPath("stripe_source", "cs_1", "owner")).toBe("/admin/webhooks?q=cs_1");
  expect(auditTargetPath("setting", "onCancel", "owner")).toBe("/admin/settings");
  expect(auditTargetPath("api-key", "key_1", "owner")).toBe("/admin/api-keys");
  expect(auditTargetPath("catalog", "x", "owner")).toBeNull();
});

test("nobody is led to a page that their role may not open", () => {
  for (const target of ["api-key", "signing_key"]) {
    expect(auditTargetPath(target, "x", "admin")).not.toBeNull();
    expect(auditTargetPath(target, "x", "support")).toBeNull();
    expect(auditTargetPath(target, "x", "viewer")).toBeNull();
  }
  expect(auditTargetPath("license", "lic_1", "viewer")).toBe("/admin/licenses/lic_1");
});

test("minutes between two instants are whole and never negative", () => {
  expect(minutesBetween("2026-01-01T00:00:00Z", "2026-01-01T00:10:59Z")).toBe(10);
  expect(minutesBetween("2026-01-01T00:01:00Z", "2026-01-01T00:00:00Z")).toBe(0);
});
