import { expect, test } from "vitest";
import {
  comingEnd,
  dayOf,
  dueStage,
  type EndingLicense,
  windowsSince,
} from "#app/domain/email-outbox/end-reminders.ts";
import { anInvoice, aSubscription, aSubscriptionItem } from "#tests/subscription-facts.ts";

const dayMs = 86_400_000;
const end = new Date("2027-03-01T12:00:00Z");
const before = (days: number) => new Date(end.getTime() - days * dayMs);

const dated: EndingLicense = {
  term: "days",
  issuedAt: before(365),
  itemKey: "li_1",
  paidUntil: end,
  extendedUntil: null,
  updatesUntil: null,
};
const subscribed: EndingLicense = { ...dated, term: "subscription", itemKey: "si_1" };
const yearly = aSubscription({
  items: [aSubscriptionItem({ interval: "year", periodStart: before(365), periodEnd: end })],
});

test("a dated license is due at 30, 7, 1 and 0 days, and at no other time", () => {
  const coming = comingEnd(dated, null);
  if (!coming) throw new Error("no end");
  const stages = [31, 30, 29, 8, 7, 6, 2, 1, 0.1].map((days) => dueStage(coming, before(days)));
  expect(stages).toEqual([null, 30, 30, 30, 7, 7, 7, 1, 0]);
  expect(dueStage(coming, end)).toBeNull();
});

test("an end at midnight has its last day before it", () => {
  const midnight = new Date("2027-03-01T00:00:00Z");
  const coming = { ending: "dated", end: midnight, spanDays: 365 } as const;
  expect(dueStage(coming, new Date("2027-02-28T00:00:00Z"))).toBe(0);
  expect(dueStage(coming, new Date("2027-02-27T23:59:59Z"))).toBe(1);
});

test("nobody is reminded in the first half of what they bought", () => {
  const stagesOf = (spanDays: number) => {
    const coming = { ending: "dated", end, spanDays } as const;
    return [30, 7, 1, 0.1].map((days) => dueStage(coming, before(days)));
  };
  expect(stagesOf(61)).toEqual([30, 7, 1, 0]);
  expect(stagesOf(60)).toEqual([null, 7, 1, 0]);
  expect(stagesOf(14)).toEqual([null, null, 1, 0]);
  expect(stagesOf(2)).toEqual([null, null, null, 0]);
});

test("a perpetual license has only its updates to end, and none when they are included for good", () => {
  const perpetual = { ...dated, term: "perpetual", paidUntil: null };
  expect(comingEnd({ ...perpetual, updatesUntil: end }, null)).toMatchObject({ ending: "updates", end });
  expect(comingEnd(perpetual, null)).toBeNull();
});

test("an extension by staff is the end that counts", () => {
  const later = new Date(end.getTime() + 5 * dayMs);
  expect(comingEnd({ ...dated, extendedUntil: later }, null)).toMatchObject({ end: later });
});

test("only long periods that renew by themselves are announced, 30 and 7 days before", () => {
  const coming = comingEnd(subscribed, yearly);
  if (!coming) throw new Error("no end");
  expect(coming.ending).toBe("renews");
  expect([30, 7, 1, 0.1].map((days) => dueStage(coming, before(days)))).toEqual([30, 7, 7, 7]);
  const month = aSubscription({ items: [aSubscriptionItem({ periodStart: before(31), periodEnd: end })] });
  const monthly = comingEnd(subscribed, month);
  expect(monthly && [30, 7, 1, 0.1].map((days) => dueStage(monthly, before(days)))).toEqual([
    null,
    null,
    null,
    null,
  ]);
});

test("a subscription that was canceled ends: 7, 1 and 0 days before, of whatever length", () => {
  for (const facts of [
    { ...yearly, cancelAt: end },
    { ...yearly, cancelAtPeriodEnd: true },
    { ...yearly, status: "canceled", endedAt: before(3) },
  ]) {
    const coming = comingEnd(subscribed, facts);
    expect(coming?.ending).toBe("canceled");
    expect(coming && [30, 7, 1, 0.1].map((days) => dueStage(coming, before(days)))).toEqual([null, 7, 1, 0]);
  }
  expect(comingEnd(subscribed, { ...yearly, cancelAt: new Date(end.getTime() + dayMs) })?.ending).toBe(
    "renews",
  );
});

test("what is told in another way is not reminded of: failures, trials, pauses, extensions, unknown facts", () => {
  const retried = anInvoice({ nextPaymentAttempt: new Date(end.getTime() - dayMs) });
  const failing = { ...yearly, invoices: [retried] };
  const paused = { ...yearly, pauseCollection: { behavior: "void", resumesAt: null } };
  for (const facts of [failing, paused, { ...yearly, status: "trialing" }, { ...yearly, status: "past_due" }])
    expect(comingEnd(subscribed, facts)).toBeNull();
  expect(comingEnd(subscribed, null)).toBeNull();
  const extended = { ...subscribed, extendedUntil: new Date(end.getTime() + dayMs) };
  expect(comingEnd(extended, yearly)).toBeNull();
});

test("each look sees exactly the ends that reached a stage since the last one", () => {
  const now = new Date("2027-01-15T09:00:00Z");
  const today = dayOf(now);
  const daysSeen = (lastLook: Date | null) =>
    windowsSince(lastLook, now)
      .map(({ from, to }) => [dayOf(from) - today, dayOf(new Date(to.getTime() - 2)) - today])
      .map(([first = 0, last = 0]) =>
        Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => first + n),
      )
      .map((days) => days.join(" "));
  const ago = (days: number) => new Date(now.getTime() - days * dayMs);
  expect(daysSeen(now)).toEqual(["30", "7", "1", "0"]);
  expect(daysSeen(ago(1))).toEqual(["30", "7", "1", "0"]);
  expect(daysSeen(ago(3))).toEqual(["28 29 30", "5 6 7", "1", "0"]);
  const everything = Array.from({ length: 31 }, (_, n) => n).join(" ");
  for (const lastLook of [null, ago(90), new Date(now.getTime() + dayMs)])
    expect(daysSeen(lastLook).reverse().join(" ")).toBe(everything);
});
