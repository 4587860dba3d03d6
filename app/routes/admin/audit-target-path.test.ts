import { expect, test } from "vitest";
import { auditTargetPath } from "#app/routes/admin/audit-target-path.ts";
import { minutesBetween } from "#app/routes/admin/inbox-lag.tsx";

test("an audit row leads to the page of what it is about", () => {
  expect(auditTargetPath("license", "lic_1")).toBe("/admin/licenses/lic_1");
  expect(auditTargetPath("stripe_source", "cs_1")).toBe("/admin/webhooks?q=cs_1");
  expect(auditTargetPath("setting", "onCancel")).toBe("/admin/settings");
  expect(auditTargetPath("api-key", "key_1")).toBe("/admin/api-keys");
  expect(auditTargetPath("catalog", "x")).toBeNull();
});

test("minutes between two instants are whole and never negative", () => {
  expect(minutesBetween("2026-01-01T00:00:00Z", "2026-01-01T00:10:59Z")).toBe(10);
  expect(minutesBetween("2026-01-01T00:01:00Z", "2026-01-01T00:00:00Z")).toBe(0);
});
