import { expect, test } from "vitest";
import {
  auditChanges,
  auditEventLabel,
  causeWords,
  isAuditEvent,
} from "#app/domain/audit-log/audit-words.ts";

test("an event is read as words", () => {
  expect(auditEventLabel("license.key-revealed")).toBe("License key revealed");
});

test("what led to a row is told in words, an event by its id", () => {
  expect(causeWords("return page")).toBe("Noticed by the return page");
  expect(causeWords("evt_1")).toBe("evt_1");
  expect(causeWords(null)).toBeNull();
});

test("only events that exist are events", () => {
  expect(isAuditEvent("license.revoked")).toBe(true);
  expect(isAuditEvent("license.eaten")).toBe(false);
});

test("only the fields that changed are shown", () => {
  expect(
    auditChanges({ a: 1, same: "x", holds: ["staff"] }, { a: 2, same: "x", holds: [], fresh: true }),
  ).toEqual([
    { field: "a", before: "1", after: "2" },
    { field: "holds", before: '["staff"]', after: "[]" },
    { field: "fresh", before: null, after: "true" },
  ]);
  expect(auditChanges(null, undefined)).toEqual([]);
});
