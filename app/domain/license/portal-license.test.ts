import { expect, test } from "vitest";
import type { LicenseFacts } from "#app/domain/license/assess-license.ts";
import {
  auditHistoryEntry,
  groupBySubscription,
  ownerEnds,
  ownerHoldWords,
} from "#app/domain/license/portal-license.ts";

const now = new Date("2026-11-21T12:00:00Z");
const day = (text: string) => new Date(`${text}T00:00:00Z`);
const subscribed: LicenseFacts = {
  term: "subscription",
  issuedAt: day("2026-11-03"),
  paidUntil: day("2026-12-03"),
  graceUntil: day("2026-12-05"),
  extendedUntil: null,
  revokedAt: null,
  holds: [],
  firstActivatedAt: day("2026-11-04"),
};

test("what staff granted is told from what was paid", () => {
  expect(ownerEnds(subscribed, now)).toBe("Paid until 3 Dec 2026");
  const extended = { ...subscribed, extendedUntil: day("2027-01-15") };
  expect(ownerEnds(extended, now)).toBe("Paid until 3 Dec 2026, extended by us until 15 Jan 2027");
  expect(ownerEnds({ ...extended, paidUntil: day("2026-11-01") }, now)).toBe(
    "Was paid until 1 Nov 2026, extended by us until 15 Jan 2027",
  );
  expect(ownerEnds({ ...extended, paidUntil: day("2027-02-01") }, now)).toBe("Paid until 1 Feb 2027");
  expect(ownerEnds({ ...extended, revokedAt: now }, now)).toBe("Revoked 21 Nov 2026");
});

test("each reason for a hold is told once, in words and without an id of Stripe's", () => {
  const words = ownerHoldWords(["refund:ch_1", "refund:ch_2", "dispute:dp_1", "staff", "new:x_1"]);
  expect(words).toHaveLength(4);
  expect(words.join(" ")).not.toMatch(/ch_|dp_|x_1/);
  expect(ownerHoldWords([])).toEqual([]);
});

test("keys of one subscription stand together where the first of them does", () => {
  const license = (id: string, subscriptionId: string | null) => ({ id, subscriptionId });
  const listed = [license("a", null), license("b", "sub_1"), license("c", null), license("d", "sub_1")];
  const ids = groupBySubscription(listed).map(({ licenses }) => licenses.map(({ id }) => id));
  expect(ids).toEqual([["a"], ["b", "d"], ["c"]]);
});

test("the history tells what moved the end with the end, and nothing of what is staff's", () => {
  const entry = (event: string) =>
    auditHistoryEntry({ seq: 1n, at: now, event, validUntil: day("2027-12-03") });
  expect(entry("license.renewed")).toMatchObject({ title: "License renewed", detail: "New end: 3 Dec 2027" });
  expect(entry("license.seats-changed")).not.toHaveProperty("detail");
  expect(entry("license.key-revealed")).toBeNull();
});
