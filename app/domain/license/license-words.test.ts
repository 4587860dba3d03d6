import { expect, test } from "vitest";
import { type LicenseFacts, licenseStatuses } from "#app/domain/license/assess-license.ts";
import { endsWords, holdWords, licenseWords, listWords } from "#app/domain/license/license-words.ts";

const now = new Date("2026-11-21T12:00:00Z");
const facts: LicenseFacts = {
  term: "days",
  issuedAt: new Date("2026-01-01T00:00:00Z"),
  paidUntil: null,
  extendedUntil: null,
  graceUntil: null,
  revokedAt: null,
  holds: [],
  firstActivatedAt: null,
};

test("every status has a label and a sentence", () => {
  for (const status of licenseStatuses) {
    expect(licenseWords(status).label).not.toBe("");
    expect(licenseWords(status).meaning).toMatch(/\.$/);
  }
});

test.each<[Partial<LicenseFacts>, string]>([
  [{ term: "perpetual" }, "Never ends"],
  [{ paidUntil: new Date("2027-12-03T10:00:00Z") }, "Ends 3 Dec 2027"],
  [
    { paidUntil: new Date("2027-12-03T10:00:00Z"), extendedUntil: new Date("2028-01-01T23:59:59.999Z") },
    "Ends 1 Jan 2028",
  ],
  [{ paidUntil: new Date("2026-11-20T10:00:00Z") }, "Ended 20 Nov 2026"],
  [{ term: "subscription", paidUntil: new Date("2026-12-20T10:00:00Z") }, "Paid until 20 Dec 2026"],
  [
    {
      term: "subscription",
      paidUntil: new Date("2026-11-20T10:00:00Z"),
      graceUntil: new Date("2026-11-27T10:00:00Z"),
    },
    "Was due 20 Nov 2026, works until 27 Nov 2026",
  ],
  [{ term: "subscription", paidUntil: new Date("2026-10-20T10:00:00Z") }, "Ended 20 Oct 2026"],
  [
    {
      term: "subscription",
      paidUntil: new Date("2026-10-20T10:00:00Z"),
      graceUntil: new Date("2026-10-27T10:00:00Z"),
    },
    "Ended 20 Oct 2026",
  ],
  [{ revokedAt: new Date("2026-11-01T10:00:00Z") }, "Revoked 1 Nov 2026"],
  [{ holds: ["staff"], paidUntil: new Date("2027-12-03T10:00:00Z") }, "Ends 3 Dec 2027"],
])("the end of %j reads “%s”", (changed, words) => {
  expect(endsWords({ ...facts, ...changed }, now)).toBe(words);
});

test("holds are named with what caused them", () => {
  expect(listWords(["refund:ch_1", "dispute:dp_1", "staff"].map(holdWords))).toBe(
    "a refund (ch_1), a dispute (dp_1) and a suspension by staff",
  );
});
