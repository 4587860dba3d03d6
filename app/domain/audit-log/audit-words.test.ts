import { expect, test } from "vitest";
import {
  auditChanges,
  auditEventLabel,
  causeWords,
  eventIdsIn,
  isAuditEvent,
} from "#app/domain/audit-log/audit-words.ts";

test("an event is read as words", () => {
  expect(auditEventLabel("license.key-revealed")).toBe("License key revealed");
});

test("what led to a row is told in words, an event by its id", () => {
  expect(causeWords("return page")).toBe("Noticed by the return page");
  expect(causeWords("timer")).toBe("Noticed by its timer");
  expect(causeWords("sweep")).toBe("Noticed by the regular check");
  expect(causeWords("staff anna@example.com")).toBe("Noticed when anna@example.com compared it with Stripe");
  expect(causeWords("evt_1")).toBe("Told by Stripe: evt_1");
  expect(causeWords("sign-in")).toBe("sign-in");
  expect(causeWords(null)).toBeNull();
});

test("the events of Stripe that a cause names are found", () => {
  expect(eventIdsIn("evt_1, evt_2b")).toEqual(["evt_1", "evt_2b"]);
  expect(eventIdsIn("timer")).toEqual([]);
  expect(eventIdsIn(null)).toEqual([]);
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
