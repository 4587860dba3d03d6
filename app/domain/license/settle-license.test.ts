import { expect, test } from "vitest";
import {
  type DesiredState,
  isHeldByStripe,
  type SettledLicense,
  settleLicense,
} from "#app/domain/license/settle-license.ts";
import { aSettledLicense, daysAfter, hoursAfter, T0, T1, T2 } from "#tests/subscription-builders.ts";

const now = daysAfter(T0, 3);
const hold = (cause: string) => ({ cause, reason: `because of ${cause}` });

function desired(overrides: Partial<DesiredState> = {}): DesiredState {
  return {
    paidUntil: T1,
    graceUntil: hoursAfter(T1, 48),
    holds: [],
    revokedBecause: null,
    itemKey: "si_1",
    ordinal: 0,
    seats: 1,
    deviceLimit: 3,
    ...overrides,
  };
}

const settle = (license: Partial<SettledLicense>, state: Partial<DesiredState>) =>
  settleLicense(aSettledLicense(license), desired(state), now);

test("a license in step with its purchase is left alone", () => {
  expect(settle({}, {})).toBeNull();
  expect(settle({ holds: ["refund:ch_1"] }, { holds: [hold("refund:ch_1")] })).toBeNull();
});

const otherTerms = {
  productId: "prod_2",
  policyId: "pol_2",
  graceDays: 3,
  leaseSeconds: 600,
  entitlements: { sso: true },
};

test.each<
  [
    event: string,
    license: Partial<SettledLicense>,
    state: Partial<DesiredState>,
    columns: { [name: string]: unknown },
  ]
>([
  ["license.renewed", {}, { paidUntil: T2 }, { paidUntil: T2 }],
  ["license.renewed", {}, { paidUntil: null }, { paidUntil: null }],
  ["license.shortened", {}, { paidUntil: daysAfter(T0, 9) }, { paidUntil: daysAfter(T0, 9) }],
  ["license.shortened", { paidUntil: null }, {}, { paidUntil: T1 }],
  ["license.grace-changed", {}, { graceUntil: null }, { graceUntil: null }],
  ["license.seats-changed", {}, { seats: 5, deviceLimit: 15 }, { seats: 5, deviceLimit: 15 }],
  ["license.moved", {}, { itemKey: "si_2", ordinal: 4 }, { itemKey: "si_2", ordinal: 4 }],
  ["license.plan-changed", {}, { newTerms: otherTerms, paidUntil: T2 }, { ...otherTerms, paidUntil: T2 }],
  ["license.suspended", {}, { holds: [hold("refund:ch_1")] }, {}],
  ["license.released", {}, { holds: [hold("released:sub_1")] }, {}],
  ["license.released", { holds: ["unpaid:sub_1"] }, { holds: [hold("released:sub_1")] }, {}],
  ["license.reinstated", { holds: ["dispute:dp_1"] }, {}, {}],
  ["license.reinstated", { holds: ["unpaid:sub_1"] }, { paidUntil: T2 }, { paidUntil: T2 }],
  [
    "license.ended",
    { holds: ["unpaid:sub_1"], paidUntil: daysAfter(T0, -9), graceUntil: daysAfter(T0, -2) },
    { paidUntil: daysAfter(T0, -9), graceUntil: null },
    { graceUntil: null },
  ],
  ["license.restored", { holds: ["released:sub_1"] }, { paidUntil: T2 }, { paidUntil: T2 }],
  ["license.suspended", { holds: ["refund:ch_1"] }, { holds: [hold("dispute:dp_1")] }, {}],
])("%s: %j becomes %j", (event, license, state, columns) => {
  expect(settle(license, state)).toMatchObject({ licenseId: "lic_0", event, columns });
});

test("the reason of a hold is the reason of its suspension", () => {
  expect(settle({}, { holds: [hold("pause:sub_1")] })?.reason).toBe("because of pause:sub_1");
});

test("one change writes only what differs", () => {
  expect(settle({}, { paidUntil: T2 })?.columns).toEqual({ paidUntil: T2 });
  expect(settle({ holds: ["unpaid:sub_1"] }, {})).toMatchObject({
    columns: {},
    addHolds: [],
    removeHolds: ["unpaid:sub_1"],
  });
});

test("holds of people stay, whatever Stripe says (I5)", () => {
  const held = ["staff", "refund:ch_1", "fraud:issfr_1", "something else"];
  expect(settle({ holds: held }, {})?.removeHolds).toEqual(["refund:ch_1", "fraud:issfr_1"]);
  expect(settle({ holds: ["staff"] }, {})).toBeNull();
  for (const kind of ["refund", "dispute", "fraud", "pause", "unpaid", "released"])
    expect(isHeldByStripe(`${kind}:x`), kind).toBe(true);
  for (const cause of ["staff", "staffrefund:x", "refund", "admin"])
    expect(isHeldByStripe(cause), cause).toBe(false);
});

test("S34: of two holds only the one that ended goes", () => {
  const change = settle({ holds: ["refund:ch_1", "dispute:dp_1"] }, { holds: [hold("refund:ch_1")] });
  expect(change).toMatchObject({ addHolds: [], removeHolds: ["dispute:dp_1"] });
});

test("S39: a revoked license only keeps its place: nothing renews, holds, frees or changes it (I4)", () => {
  const revoked = { revokedAt: T0, holds: ["refund:ch_1"] };
  const everything = { paidUntil: T2, graceUntil: null, seats: 9, deviceLimit: 27, newTerms: otherTerms };
  expect(settle(revoked, everything)).toBeNull();
  expect(settle(revoked, { holds: [hold("dispute:dp_1"), hold("pause:sub_1")] })).toBeNull();
  expect(settle(revoked, { revokedBecause: "again" })).toBeNull();
  expect(settle(revoked, { itemKey: "si_2", holds: [hold("released:sub_1")] })).toMatchObject({
    columns: { itemKey: "si_2" },
    addHolds: [{ cause: "released:sub_1" }],
    removeHolds: [],
  });
});

test("by a vendor's wish Stripe revokes, with who, when and why", () => {
  expect(settle({}, { revokedBecause: "The payment was refunded in full." })).toMatchObject({
    event: "license.revoked",
    reason: "The payment was refunded in full.",
    columns: { revokedAt: now, revokedBy: "stripe", revokedReason: "The payment was refunded in full." },
  });
});

test("an extension that runs keeps unpaid holds and revocations away, but no others", () => {
  const extended = { extendedUntil: daysAfter(now, 1) };
  const over = { extendedUntil: now };
  const unpaid = { holds: [hold("unpaid:sub_1")] };
  expect(settle(extended, unpaid)).toBeNull();
  expect(settle(over, unpaid)?.addHolds).toEqual([hold("unpaid:sub_1")]);
  expect(settle({ ...extended, holds: ["unpaid:sub_1"] }, unpaid)?.removeHolds).toEqual(["unpaid:sub_1"]);
  expect(settle(extended, { revokedBecause: "refunded" })).toBeNull();
  expect(settle(extended, { holds: [hold("refund:ch_1")] })?.addHolds).toHaveLength(1);
  expect(settle(extended, { paidUntil: T2 })?.columns).toEqual({ paidUntil: T2 });
});
