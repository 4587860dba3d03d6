import { expect, test } from "vitest";
import { type RenewableLicense, renewalOffer } from "#app/domain/checkout/renewal-offer.ts";

const now = new Date("2026-11-21T12:00:00Z");
const later = (days: number) => new Date(now.getTime() + days * 86_400_000);
const yearly = { amount: 2900, currency: "usd", termDays: 365 };
const dated: RenewableLicense = {
  term: "days",
  sourceId: "cs_test_1",
  paidUntil: later(20),
  revokedAt: null,
  holds: [],
  seats: 1,
  awaitsPayment: false,
};

test("a dated license is renewed from its end, so that renewing early loses nothing", () => {
  expect(renewalOffer(dated, yearly, now)).toEqual({
    ok: true,
    newEnd: later(20 + 365),
    amount: 2900,
    currency: "usd",
    seats: 1,
  });
});

test("one that has ended is renewed from today", () => {
  expect(renewalOffer({ ...dated, paidUntil: later(-40) }, yearly, now)).toMatchObject({
    ok: true,
    newEnd: later(365),
  });
});

test("a key that stands for several units is paid for all of them", () => {
  expect(renewalOffer({ ...dated, seats: 3 }, yearly, now)).toMatchObject({ amount: 8700, seats: 3 });
});

test.each<[string, Partial<RenewableLicense>, RegExp]>([
  ["revoked", { revokedAt: now }, /revoked/],
  ["perpetual", { term: "perpetual", paidUntil: null }, /never ends/],
  ["of a subscription", { term: "subscription" }, /subscription, which renews it by itself/],
  ["sold by one under a dated plan", { sourceId: "sub_1" }, /subscription, which renews it by itself/],
  ["on hold", { holds: ["dispute:dp_1"] }, /on hold.*Contact us/],
  ["being paid for", { awaitsPayment: true }, /on its way/],
])("a license that is %s is refused with the reason", (_, changes, words) => {
  const offer = renewalOffer({ ...dated, ...changes }, yearly, now);
  expect(offer).toMatchObject({ ok: false, problem: expect.stringMatching(words) });
});

test("a plan that is no longer on sale, or has no length, is refused with a way on", () => {
  expect(renewalOffer(dated, null, now)).toMatchObject({
    ok: false,
    problem: expect.stringMatching(/not on sale.*contact us/),
  });
  expect(renewalOffer(dated, { ...yearly, termDays: null }, now)).toMatchObject({
    ok: false,
    problem: expect.stringMatching(/contact us/),
  });
});
