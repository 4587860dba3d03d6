import { expect, test } from "vitest";
import { licenseActWords, licenseChangeWords } from "#app/domain/license/license-acts.ts";

const facts = {
  policyId: "pol_1",
  deviceLimit: 3,
  paidUntil: "2026-12-03T10:00:00.000Z",
  graceUntil: null,
  extendedUntil: null,
  revokedAt: null,
  revokedBy: null,
  holds: [] as string[],
};
const planName = (id: string) => (id === "pol_1" ? "Monthly" : "Yearly");
const lines = (event: string, before: object, after: object) =>
  licenseChangeWords({ event, before, after }, planName);

test("a license that came with its key is told from one that was made here", () => {
  expect(licenseActWords("license.issued", { policyId: "pol_1", imported: true })).toBe(
    "License imported with the key it had",
  );
  expect(licenseActWords("license.issued", { policyId: "pol_1" })).toBe("License issued");
});

test("what moved the end names the day", () => {
  expect(licenseActWords("license.renewed", facts)).toBe("Renewed to 3 Dec 2026");
  expect(licenseActWords("license.shortened", facts)).toBe("Shortened to 3 Dec 2026");
  expect(licenseActWords("license.extended", { extendedUntil: facts.paidUntil })).toBe(
    "Extended to 3 Dec 2026",
  );
  expect(licenseActWords("license.grace-changed", { ...facts, graceUntil: facts.paidUntil })).toBe(
    "Works until 3 Dec 2026 while the renewal is awaited",
  );
  expect(licenseActWords("license.grace-changed", facts)).toBe("Grace ended");
});

test("a suspension and its end name the hold, and what still holds it", () => {
  const refunded = { ...facts, holds: ["refund:ch_1", "staff"] };
  expect(licenseActWords("license.suspended", refunded, { ...facts, holds: ["staff"] })).toBe(
    "Suspended because of a refund (ch_1)",
  );
  expect(licenseActWords("license.suspended", { ...facts, holds: ["staff"] }, facts)).toBe("Suspended");
  expect(licenseActWords("license.reinstated", facts, { ...facts, holds: ["dispute:dp_1"] })).toBe(
    "Reinstated: a dispute (dp_1) settled",
  );
  expect(licenseActWords("license.reinstated", { ...facts, holds: ["refund:ch_1"] }, refunded)).toBe(
    "Still on hold because of a refund (ch_1)",
  );
  expect(licenseActWords("license.reinstated", facts, { ...facts, holds: ["staff"] })).toBe("Reinstated");
});

test("seats, plans, places and revocations are told in words", () => {
  expect(licenseActWords("license.seats-changed", { ...facts, deviceLimit: 15 }, facts)).toBe(
    "Seats changed: 3 → 15 devices",
  );
  expect(licenseActWords("license.released", facts)).toContain("fewer seats");
  expect(licenseActWords("license.restored", facts)).toContain("same key");
  expect(licenseActWords("license.moved", facts)).toContain("another item");
  expect(licenseActWords("license.revoked", { ...facts, revokedBy: "stripe" })).toContain("payment");
  expect(licenseActWords("license.revoked", { ...facts, revokedBy: "staff" })).toBe("Revoked");
});

test("what programs do is told in words, with the end that counts", () => {
  const end = "2026-12-03T10:00:00.000Z";
  const extended = (paidUntil: string | null, extendedUntil: string | null) =>
    licenseActWords("license.extended", { ...facts, paidUntil, extendedUntil });
  expect(extended(end, null)).toBe("Extended to 3 Dec 2026");
  expect(extended(null, null)).toBe("Made to never end");
  expect(licenseActWords("license.key-rotated", { ...facts, oldKeyUntil: end })).toBe(
    "Key replaced; the old one works until 3 Dec 2026",
  );
  expect(licenseActWords("activation.created", { deviceName: "Studio" })).toBe("Device activated: Studio");
  expect(licenseActWords("activation.released", { deviceName: null })).toBe("Device released");
});

test("what a change moved besides is listed once, and nothing that stayed", () => {
  const before = { ...facts, paidUntil: "2026-11-03T10:00:00.000Z", graceUntil: "2026-11-05T10:00:00.000Z" };
  expect(lines("license.suspended", before, { ...facts, holds: ["pause:sub_1"] })).toEqual([
    "Paid until: 3 Nov 2026 → 3 Dec 2026",
    "Grace until: 5 Nov 2026 → none",
  ]);
  expect(lines("license.plan-changed", facts, { ...facts, policyId: "pol_2", deviceLimit: null })).toEqual([
    "Plan: Monthly → Yearly",
    "Devices: 3 → any number of",
  ]);
  expect(lines("license.renewed", { ...facts, holds: ["unpaid:sub_1"] }, facts)).toEqual([
    "Settled: an unpaid subscription (sub_1)",
  ]);
  expect(lines("license.renewed", facts, facts)).toEqual([]);
});

test("rows that keep less than these facts are still words", () => {
  expect(licenseActWords("license.renewed", null)).toBe("Renewed");
  expect(licenseActWords("license.suspended", { holds: "broken" })).toBe("Suspended");
  expect(licenseActWords("license.something-new", 7)).toBe("License something new");
  expect(licenseChangeWords({ event: "license.issued", before: null, after: facts }, planName)).toEqual([]);
});
