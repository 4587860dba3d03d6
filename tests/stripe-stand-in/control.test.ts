import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createClock } from "./clock.ts";
import { makeSession, sdkFor, withReceiver, withStandIn } from "./harness.ts";
import { type RunningStandIn, startStripeStandIn } from "./server.ts";

const START = new Date("2026-01-31T10:00:00Z");

function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "stripe-stand-in-"));
  return body(folder).finally(() => rmSync(folder, { recursive: true, force: true }));
}

/** Presses a button of the control page and gives back the page that follows. */
async function press(
  standIn: RunningStandIn,
  name: string,
  fields: Record<string, string> = {},
): Promise<string> {
  const answer = await fetch(`${standIn.url}/control/${name}`, {
    method: "POST",
    body: new URLSearchParams(fields),
  });
  return answer.text();
}

test("the clock goes on by hours, by months as calendars have them, and to a date, never back", () =>
  withStandIn({ clock: createClock({ source: () => 0, startAt: START }) }, async (standIn) => {
    expect(await press(standIn, "advance-months", { months: "1" })).toContain("2026-02-28T10:00:00");
    expect(await press(standIn, "advance", { seconds: "3600" })).toContain("2026-02-28T11:00:00");
    expect(await press(standIn, "advance-to", { date: "2026-03-05T00:30" })).toContain("2026-03-05T00:30:00");
    expect(await press(standIn, "advance-to", { date: "2026-03-01T00:00" })).toContain("only goes forward");
    expect(standIn.clock.now()).toEqual(new Date("2026-03-05T00:30:00Z"));
  }));

test("the clock file says how far ahead the clock is, and a later start goes on from there", () =>
  withFolder(async (folder) => {
    const clockFile = join(folder, "clock");
    const source = () => START.getTime();
    const first = await startStripeStandIn({ deliver: "manual", clock: createClock({ source }), clockFile });
    expect(readFileSync(clockFile, "utf8")).toBe("0.000");
    await first.clock.advance(86_400_500);
    expect(readFileSync(clockFile, "utf8")).toBe("86400.500");
    await first.stop();
    const second = await startStripeStandIn({ deliver: "manual", clock: createClock({ source }), clockFile });
    expect(second.clock.now().getTime() - START.getTime()).toBe(86_400_500);
    await second.stop();
    writeFileSync(clockFile, "tomorrow");
    await expect(startStripeStandIn({ clockFile })).rejects.toThrow("does not hold a number of seconds");
  }));

test("while the clock travels, webhooks of one moment are answered before the next moment comes", () =>
  withReceiver((receiver) =>
    withFolder(async (folder) => {
      const clockFile = join(folder, "clock");
      const enabledEvents = ["checkout.session.expired", "checkout.session.async_payment_succeeded"];
      const standIn = await startStripeStandIn({
        clockFile,
        clock: createClock({ source: () => START.getTime() }),
        endpoints: [{ url: receiver.url, enabledEvents }],
      });
      try {
        const readings: string[] = [];
        receiver.onPost = () => readings.push(readFileSync(clockFile, "utf8"));
        const stripe = sdkFor(standIn);
        await makeSession(stripe);
        standIn.pay((await makeSession(stripe)).id, { method: "delayed_success" });
        await standIn.clock.advance(30 * 86_400_000);
        expect(readings).toEqual(["86400.000", "172800.000"]);
      } finally {
        await standIn.stop();
      }
    }),
  ));

test("the control page refunds, disputes, settles and warns, and shows what became of it", () =>
  withStandIn({ watchUrl: "http://shop.test/admin/licenses" }, async (standIn, stripe) => {
    standIn.pay((await makeSession(stripe)).id);
    const charge = standIn.dump().charges[0]?.id ?? "";
    expect(await press(standIn, "refund", { charge, amount: "900" })).toContain("900 refunded");
    const page = await press(standIn, "refund", { charge, outcome: "pending" });
    expect(page).toContain('href="http://shop.test/admin/licenses"');
    const refund = standIn.dump().refunds.at(-1)?.id ?? "";
    expect(await press(standIn, "settle-refund", { refund, outcome: "failed" })).toContain("failed");
    expect(await press(standIn, "settle-refund", { refund, outcome: "failed" })).toContain("did not work");
    await press(standIn, "dispute", { charge, inquiry: "true" });
    const dispute = standIn.dump().disputes[0]?.id ?? "";
    expect(await press(standIn, "move-dispute", { dispute, status: "needs_response" })).toContain(
      "needs_response",
    );
    expect(await press(standIn, "fraud-warning", { charge })).toContain("Fraud warning issfr_");
    await press(standIn, "open-review", { charge });
    const review = standIn.dump().reviews[0]?.id ?? "";
    expect(await press(standIn, "close-review", { review })).toContain("is closed");
    expect(standIn.dump().reviews[0]).toMatchObject({ closed_reason: "approved" });
  }));

test("chaos is switched on and off from the control page", () =>
  withStandIn({}, async (standIn) => {
    expect(await press(standIn, "chaos", { seed: "3", apiFaults: "0.5" })).toContain("End the chaos");
    expect(await press(standIn, "calm")).toContain("Start chaos");
    expect(await press(standIn, "chaos", { seed: "3", lose: "2" })).toContain("did not work");
  }));

test("a stand-in goes back to an earlier state and time, and what was due then is due again", () =>
  withStandIn({ clock: createClock({ source: () => 0, startAt: START }) }, async (standIn, stripe) => {
    const session = await makeSession(stripe);
    const saved = standIn.dump();
    await standIn.clock.advance(2 * 86_400_000);
    expect((await stripe.checkout.sessions.retrieve(session.id)).status).toBe("expired");
    standIn.restore(saved, START);
    expect(standIn.clock.now()).toEqual(START);
    expect((await stripe.checkout.sessions.retrieve(session.id)).status).toBe("open");
    await standIn.clock.advance(2 * 86_400_000);
    expect((await stripe.checkout.sessions.retrieve(session.id)).status).toBe("expired");
  }));

test("the control page shows what happens next to subscriptions and invoices, and moves them", () =>
  withStandIn({ clock: createClock({ source: () => 0, startAt: START }) }, async (standIn, stripe) => {
    const { id: product } = await stripe.products.create({ name: "Sketchpad" });
    const recurring = { interval: "month" } as const;
    const price = await stripe.prices.create({ product, currency: "usd", unit_amount: 1500, recurring });
    const { id: customer } = await stripe.customers.create({ email: "ada@example.com" });
    standIn.setCard(customer, "ok");
    const { id: subscription } = await stripe.subscriptions.create({
      customer,
      items: [{ price: price.id }],
    });
    const page = await press(standIn, "set-card", { customer, behaviour: "declines" });
    expect(page).toContain("roll subscription");
    expect(page).toContain("2026-02-28 10:00:00");
    expect(page).toContain('<option value="declines" selected>');
    expect(await press(standIn, "billing", { dunningEnd: "unpaid" })).toContain(
      "last failed attempt: unpaid",
    );
    expect(await press(standIn, "advance-months", { months: "1" })).toContain("finalize invoice");
    expect(await press(standIn, "advance", { seconds: "7200" })).toContain("tried 1 ×");
    const [open] = (await stripe.invoices.list({ subscription, status: "open" })).data;
    const paid = await press(standIn, "invoice", { invoice: open?.id ?? "", does: "pay_out_of_band" });
    expect(paid).toContain("pay out of band");
    expect((await stripe.subscriptions.retrieve(subscription)).status).toBe("active");
    expect(await press(standIn, "cancel-subscription", { subscription })).toContain(
      'ends <time datetime="2026-03-31T10:00',
    );
    expect(await press(standIn, "keep-subscription", { subscription })).toContain("goes on");
    await press(standIn, "cancel-subscription", { subscription, now: "true" });
    expect((await stripe.subscriptions.retrieve(subscription)).status).toBe("canceled");
  }));
