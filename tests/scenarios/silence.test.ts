import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { assessLicense } from "#app/domain/license/assess-license.ts";
import { licenseFacts } from "#app/domain/license/license-facts.ts";
import { syncDueSources } from "#app/domain/stripe-sync/sync-due-sources.server.ts";
import { db } from "#app/infra/db.server.ts";
import { runHourlySweep, runNightlySweep } from "#app/jobs/sweep.server.ts";
import { inOrder } from "#tests/scenarios/life-operators.ts";
import { after, dayMs, hourMs, minuteMs, openLifeShop, t0, t1 } from "#tests/scenarios/life-shop.ts";
import { playOnce, type Stage } from "#tests/scenarios/life-stage.ts";
import { kindOfHold, type LifeState, licenseRows } from "#tests/scenarios/life-state.ts";
import { newestPayment, sell } from "#tests/scenarios/payment-acts.ts";
import {
  endProcess,
  freePort,
  isInStep,
  isSweptSince,
  startProcess,
  until,
} from "#tests/scenarios/processes.ts";

// The shop is off for four days, longer than Stripe goes on delivering, and every webhook of them is lost. It is played
// twice: once by a shop that heard of everything, and once by one that is off and then started, once and by nobody's
// special hand. Both have to hold the same.
const shop = await openLifeShop();

const offAt = after(t1, -dayMs);
const onAt = after(t1, 3 * dayMs);

/** How a moment passes: for the shop that is there, or for the one that is off. */
type Moment = <T>(instant: Date, act?: () => T | Promise<T>) => Promise<T | undefined>;

type Purchases = Record<string, string>;

/** Everything that can happen to a license, in four days. @returns the purchases by name. */
async function fourDays(s: Stage, at: Moment, before: Purchases): Promise<Purchases> {
  const {
    standIn,
    stripe,
    shop: { priceOf },
  } = s;
  const of = (name: string) => before[name] ?? "";
  const paymentOf = (name: string) => newestPayment(s, of(name));
  const itemOf = async (name: string) => {
    const { items } = await stripe.subscriptions.retrieve(of(name));
    return items.data[0]?.id ?? "";
  };
  const change = (name: string, parameters: Parameters<typeof stripe.subscriptions.update>[1]) =>
    stripe.subscriptions.update(of(name), parameters);
  const sellElsewhere = (mode: "payment" | "subscription", price: string, quantity: number) => {
    const { id } = standIn.createSession({ mode, line_items: [{ price, quantity }] });
    standIn.pay(id, { email: `${mode}-in-the-silence@example.com` });
    const subscription = standIn.tables().sessions.find((session) => session.id === id)?.subscription;
    return subscription ?? id;
  };
  const made: Purchases = {};
  await at(after(offAt, hourMs), async () => {
    await change("ending", { cancel_at_period_end: true });
    await change("growing", { items: [{ id: await itemOf("growing"), quantity: 5 }] });
    await change("shrinking", { items: [{ id: await itemOf("shrinking"), quantity: 1 }] });
    await change("upgraded", {
      items: [{ id: await itemOf("upgraded"), price: priceOf("pro").stripePriceId }],
    });
    standIn.refund(of("refunded"));
  });
  await at(after(offAt, 12 * hourMs), () => {
    made.bought = sellElsewhere("payment", priceOf("perpetual").stripePriceId, 2);
    made.subscribed = sellElsewhere("subscription", priceOf("monthly").stripePriceId, 3);
  });
  await at(after(t1, 2 * hourMs), () => standIn.dispute(of("disputed")));
  await at(after(t1, dayMs), async () => {
    await stripe.subscriptions.cancel(of("leaving"));
    await stripe.subscriptions.pause(of("pausing"));
    standIn.refund(await paymentOf("refunded renewal"));
    standIn.dispute(await paymentOf("disputed renewal"));
    const dispute = standIn.dispute(of("won"));
    standIn.moveDispute(dispute.id, "won");
    standIn.refund(made.bought ? await paymentIn(s, made.bought) : "", { amount: 1_000 });
  });
  await at(onAt);
  return { ...before, ...made };
}

async function paymentIn({ stripe }: Stage, sessionId: string): Promise<string> {
  const { payment_intent } = await stripe.checkout.sessions.retrieve(sessionId);
  return typeof payment_intent === "string" ? payment_intent : (payment_intent?.id ?? "");
}

/** What both shops sold while both were there. One-time sales are named by their payment, which is what befalls them. */
async function sellBefore(s: Stage): Promise<{ named: Purchases; sources: Purchases }> {
  const [named, sources]: [Purchases, Purchases] = [{}, {}];
  const subscriptions: [string, "monthly" | "team" | "yearly", number][] = [
    ["renewing", "monthly", 3],
    ["failing", "monthly", 2],
    ["ending", "monthly", 1],
    ["leaving", "monthly", 2],
    ["growing", "monthly", 2],
    ["shrinking", "monthly", 4],
    ["upgraded", "monthly", 1],
    ["pausing", "team", 3],
    ["refunded renewal", "monthly", 1],
    ["disputed renewal", "team", 1],
    ["yearly", "yearly", 2],
  ];
  for (const [name, plan, quantity] of subscriptions) {
    const purchase = await s.at(t0, () => s.buy(plan, { quantity }));
    named[name] = sources[name] = purchase?.subscriptionId ?? "";
    if (name === "failing") s.standIn.setCard(purchase?.customerId ?? "", "declines");
  }
  for (const name of ["refunded", "disputed", "won", "untouched"]) {
    const sale = await sell(s, t0, "perpetual", 2);
    [named[name], sources[name]] = [sale.paymentId, sale.sessionId];
  }
  await s.at(offAt);
  await s.tick();
  return { named, sources };
}

/** The licenses of each purchase, as they are at the end. */
async function holdings(sources: Purchases) {
  const rows = await licenseRows();
  const known = new Set(Object.values(sources));
  expect(
    rows.filter(({ sourceId }) => !known.has(sourceId ?? "")),
    "licenses of no purchase",
  ).toEqual([]);
  return Object.fromEntries(
    Object.entries(sources).map(([name, sourceId]) => [
      name,
      rows
        .filter((row) => row.sourceId === sourceId)
        .map((row) => ({
          plan: row.policy.slug,
          ordinal: row.ordinal,
          seats: row.seats,
          code: assessLicense(licenseFacts(row), onAt).code,
          paidUntil: row.paidUntil?.toISOString() ?? null,
          graceUntil: row.graceUntil?.toISOString() ?? null,
          revokedAt: row.revokedAt,
          holds: row.holds.map(({ cause }) => kindOfHold(cause)).sort(),
        })),
    ]),
  );
}

/** `npm start`, once, at this time; until it has swept and has nothing left to do. */
async function startOnce(at: Date): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-silence-"));
  const clockFile = join(folder, "clock");
  writeFileSync(clockFile, String((at.getTime() - Date.now()) / 1000));
  const site = startProcess("start", shop.env, {
    CLOCK_FILE: clockFile,
    PORT: String(await freePort()),
    HOST: "127.0.0.1",
  });
  try {
    await until("all sweeps are through", () => isSweptSince(at));
    await until("nothing is left to do", isInStep);
  } finally {
    expect(await endProcess(site)).toBe(0);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Nothing is heard and nobody works. */
const off =
  ({ standIn }: Stage): Moment =>
  async (instant, act) => {
    await standIn.clock.set(instant);
    const result = await act?.();
    standIn.takePending(); // lost for good
    return result;
  };

/** Nothing is heard, and whatever the shop asks Stripe, its sweeps included, is refused. */
const cutOff =
  (s: Stage): Moment =>
  async (instant, act) => {
    const result = await off(s)(instant, act);
    s.standIn.faults.next(100_000, { status: 429 });
    await runHourlySweep(s.now());
    await runNightlySweep(s.now());
    await syncDueSources(s.now());
    s.standIn.faults.clear();
    return result;
  };

async function play(momentsOf: (s: Stage) => Moment, finish: () => Promise<void> = async () => undefined) {
  let held: Awaited<ReturnType<typeof holdings>> = {};
  const { state } = await playOnce(
    shop,
    async (s) => {
      const { named, sources } = await sellBefore(s);
      const all = await fourDays(s, momentsOf(s), named);
      await finish();
      held = await holdings({ ...all, ...sources });
    },
    inOrder(),
  );
  return { state, held };
}

function expectNoMoreMails(silent: LifeState, heard: LifeState): void {
  for (const [kind, count] of Object.entries(silent.mails))
    expect(count, `mails ${kind}`).toBeLessThanOrEqual(heard.mails[kind] ?? 0);
}

const heard = await play((s) => s.at);

/** One start, and both shops hold the same; a mail about what nobody saw may be missing. */
async function expectTheSameAfter(moments: (s: Stage) => Moment, startAt: Date): Promise<void> {
  const { state, held } = await play(moments, () => startOnce(startAt));
  expect(held).toEqual(heard.held);
  expectNoMoreMails(state, heard.state);
  const alerts = state.alerts.filter((kind) => kind !== "fulfillment-failed");
  expect(alerts).toEqual(heard.state.alerts);
  expect(await db().alert.count({ where: { kind: "fulfillment-failed", resolvedAt: null } })).toBe(0);
  expect(state.mails["license-issued"]).toBe(heard.state.mails["license-issued"]);
}

test("the four days move licenses in every way there is", () => {
  const codes = Object.fromEntries(
    Object.entries(heard.held).map(([name, licenses]) => [name, licenses.map(({ code }) => code).join(" ")]),
  );
  expect(codes).toMatchObject({
    renewing: "VALID VALID VALID",
    failing: "GRACE GRACE",
    ending: "EXPIRED",
    leaving: "EXPIRED EXPIRED",
    upgraded: "VALID",
    pausing: "SUSPENDED",
    "refunded renewal": "SUSPENDED",
    "disputed renewal": "SUSPENDED",
    refunded: "SUSPENDED SUSPENDED",
    disputed: "SUSPENDED SUSPENDED",
    won: "VALID VALID",
    untouched: "VALID VALID",
    bought: "VALID VALID",
    subscribed: "VALID VALID VALID",
  });
  expect(heard.held.growing).toHaveLength(5);
});

test("S93 after four days without any webhook and without the shop, one start makes every license right", async () => {
  await expectTheSameAfter(off, onAt);
}, 180_000);

test("S93 after four days in which Stripe could not be reached either, the next sweeps make every license right", async () => {
  // A sweep that failed is tried again after a quarter of an hour.
  await expectTheSameAfter(cutOff, after(onAt, 20 * minuteMs));
}, 180_000);
