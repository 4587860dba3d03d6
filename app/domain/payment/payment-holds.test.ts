import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChargedPayment } from "#app/domain/payment/payment.ts";
import {
  disputeStanding,
  isFullyRefunded,
  judgePayments,
  needsDailyLook,
  refundedAmount,
} from "#app/domain/payment/payment-holds.ts";
import type { Settings } from "#app/domain/setting/settings.ts";
import { aDispute, aPayment, aRefund, daysAfter, knobs, T0 } from "#tests/subscription-builders.ts";

const causes = (payments: ChargedPayment[], chosen: Partial<Settings> = {}, now = T0) =>
  judgePayments(payments, knobs(chosen), now).holds.map(({ cause }) => cause);
const warning = (actionable: boolean) => ({
  id: "issfr_1",
  actionable,
  fraudType: "made_with_stolen_card",
  created: T0,
});

test.each<[scenario: string, refunds: Parameters<typeof aRefund>[0][], holds: string[]]>([
  ["S21 all of it", [{}], ["refund:ch_1"]],
  ["S23 a part", [{ amount: 9899 }], []],
  [
    "S24 two parts that add up",
    [
      { id: "re_1", amount: 5000 },
      { id: "re_2", amount: 4900 },
    ],
    ["refund:ch_1"],
  ],
  [
    "S24 two parts that do not",
    [
      { id: "re_1", amount: 5000 },
      { id: "re_2", amount: 4899 },
    ],
    [],
  ],
  ["S25 money on its way", [{ status: "pending" }], ["refund:ch_1"]],
  ["S25 the bank asks first", [{ status: "requires_action" }], ["refund:ch_1"]],
  ["S25 money that came back", [{ status: "failed" }], []],
  ["S26 a refund taken back", [{ status: "canceled" }], []],
  ["a part arrived, the rest failed", [{ amount: 5000 }, { id: "re_2", amount: 4900, status: "failed" }], []],
  ["a word Stripe may add some day", [{ status: "dreamt" }], []],
  ["a payment without a charge", [{ chargeId: null }], ["refund:pi_1"]],
])("refunds: %s", (_, refunds, holds) => {
  expect(causes([aPayment({ refunds: refunds.map((refund) => aRefund(refund)) })])).toEqual(holds);
});

test("several payments of one invoice are judged together, and each refunded charge holds", () => {
  const first = aPayment({ id: "pi_1", amount: 6000, refunds: [aRefund({ amount: 6000 })] });
  const second = aPayment({ id: "pi_2", amount: 3900 });
  expect(causes([first, second])).toEqual([]);
  const back = { ...second, refunds: [aRefund({ id: "re_2", amount: 3900, chargeId: "ch_2" })] };
  expect(causes([first, back])).toEqual(["refund:ch_1", "refund:ch_2"]);
  expect(isFullyRefunded([first, second])).toBe(false);
  expect(refundedAmount(back)).toBe(3900);
});

test("nothing was paid, so nothing can be refunded in full", () => {
  expect(isFullyRefunded([])).toBe(false);
  expect(causes([])).toEqual([]);
  expect(causes([aPayment({ amount: 0 })])).toEqual([]);
});

test("by setting a full refund revokes, with the reason that is shown", () => {
  const refunded = [aPayment({ refunds: [aRefund()] })];
  expect(judgePayments(refunded, knobs(), T0).revokedBecause).toBeNull();
  const verdict = judgePayments(refunded, knobs({ onFullRefund: "revoke" }), T0);
  expect(verdict.revokedBecause).toBe("The payment was refunded in full.");
  expect(judgePayments([aPayment()], knobs({ onFullRefund: "revoke" }), T0).revokedBecause).toBeNull();
});

test.each<[status: string, standing: string, byDefault: boolean, lenient: boolean, strict: boolean]>([
  // status, standing, holds by default, with onDisputeOpen = alert, with onInquiry = suspend
  ["warning_needs_response", "inquiry", false, false, true],
  ["warning_under_review", "inquiry", false, false, true],
  ["warning_closed", "won", false, false, false],
  ["needs_response", "open", true, false, true],
  ["under_review", "open", true, false, true],
  ["appeal_needs_response", "open", true, false, true],
  ["appeal_under_review", "open", true, false, true],
  ["won", "won", false, false, false],
  ["lost", "lost", true, false, true],
  ["prevented", "prevented", false, false, false],
])("dispute %s (S27 to S32)", (status, standing, byDefault, lenient, strict) => {
  const disputed = [aPayment({ disputes: [aDispute(status)] })];
  const held = ["dispute:dp_1"];
  expect(disputeStanding(aDispute(status))).toBe(standing);
  expect(causes(disputed)).toEqual(byDefault ? held : []);
  expect(causes(disputed, { onDisputeOpen: "alert" })).toEqual(lenient ? held : []);
  expect(causes(disputed, { onInquiry: "suspend" })).toEqual(strict ? held : []);
});

test("S33, S34: each dispute and refund holds for itself, so that one that ends leaves the others", () => {
  const won = aDispute("won");
  const open = aDispute("needs_response", { id: "dp_2" });
  expect(causes([aPayment({ disputes: [won, open] })])).toEqual(["dispute:dp_2"]);
  expect(causes([aPayment({ disputes: [won], refunds: [aRefund()] })])).toEqual(["refund:ch_1"]);
  const both = aPayment({ disputes: [open], refunds: [aRefund()] });
  expect(causes([both])).toEqual(["refund:ch_1", "dispute:dp_2"]);
});

test("S31: a lost dispute holds; by setting it revokes so many days after it was opened, to the instant", () => {
  const lost = [aPayment({ disputes: [aDispute("lost")] })];
  const after30 = knobs({ disputeLostRevokeAfterDays: 30 });
  const due = daysAfter(T0, 30);
  const before = judgePayments(lost, after30, new Date(due.getTime() - 1));
  expect(before).toMatchObject({ revokedBecause: null, nextCheckAt: due });
  expect(judgePayments(lost, after30, due)).toMatchObject({
    revokedBecause: "The payment was disputed and the dispute lost.",
    nextCheckAt: null,
  });
  expect(judgePayments(lost, knobs(), daysAfter(T0, 3000))).toMatchObject({
    revokedBecause: null,
    nextCheckAt: null,
  });
  const appealed = [aPayment({ disputes: [aDispute("appeal_under_review")] })];
  expect(judgePayments(appealed, after30, due).revokedBecause).toBeNull();
  const two = [
    aPayment({
      disputes: [aDispute("lost", { created: daysAfter(T0, 5) }), aDispute("lost", { id: "dp_2" })],
    }),
  ];
  expect(judgePayments(two, after30, T0).nextCheckAt).toEqual(due);
});

test("S37: a warning of fraud is told; by setting it holds while something can be done about it", () => {
  const warned = (actionable: boolean) => [aPayment({ fraudWarnings: [warning(actionable)] })];
  expect(causes(warned(true))).toEqual([]);
  expect(causes(warned(true), { onEarlyFraud: "suspend" })).toEqual(["fraud:issfr_1"]);
  expect(causes(warned(false), { onEarlyFraud: "suspend" })).toEqual([]);
});

test("what can still move is looked at every day", () => {
  const of = (overrides: Parameters<typeof aPayment>[0]) => needsDailyLook([aPayment(overrides)]);
  for (const status of ["pending", "requires_action"])
    expect(of({ refunds: [aRefund({ status })] }), status).toBe(true);
  for (const status of ["succeeded", "failed", "canceled"])
    expect(of({ refunds: [aRefund({ status })] }), status).toBe(false);
  for (const status of ["warning_needs_response", "needs_response", "under_review", "appeal_under_review"])
    expect(of({ disputes: [aDispute(status)] }), status).toBe(true);
  for (const status of ["won", "lost", "warning_closed", "prevented"])
    expect(of({ disputes: [aDispute(status)] }), status).toBe(false);
});

const anyRefund = fc.record({
  id: fc.uuid(),
  amount: fc.integer({ min: 1, max: 12_000 }),
  status: fc.constantFrom("pending", "requires_action", "succeeded", "failed", "canceled"),
  chargeId: fc.constantFrom("ch_1", null),
  created: fc.constant(T0),
});
const anyDispute = fc
  .record({ id: fc.uuid(), status: fc.constantFrom("warning_closed", "needs_response", "won", "lost") })
  .map(({ id, status }) => aDispute(status, { id }));
const anyPayment = fc.record({
  id: fc.uuid(),
  amount: fc.integer({ min: 0, max: 10_000 }),
  currency: fc.constant("usd"),
  refunds: fc.array(anyRefund, { maxLength: 3 }),
  disputes: fc.array(anyDispute, { maxLength: 3 }),
  fraudWarnings: fc.constant<ChargedPayment["fraudWarnings"]>([]),
});

test("whatever happened: each cause once, in any order of what Stripe lists the same, and nothing without a reason", () => {
  fc.assert(
    fc.property(fc.array(anyPayment, { maxLength: 3 }), (payments) => {
      const held = causes(payments);
      expect(new Set(held).size).toBe(held.length);
      const turned = payments
        .map((payment) => ({
          ...payment,
          refunds: [...payment.refunds].reverse(),
          disputes: [...payment.disputes].reverse(),
        }))
        .reverse();
      expect(causes(turned).sort()).toEqual([...held].sort());
      const refunds = payments.some(({ refunds: some }) => some.length > 0);
      if (!refunds) expect(held.filter((cause) => cause.startsWith("refund:"))).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
