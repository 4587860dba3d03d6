import { afterAll, expect, test } from "vitest";
import {
  claimDueSources,
  claimSource,
  markSourceDirty,
} from "#app/domain/stripe-sync/claim-source.server.ts";
import { sourceOfId } from "#app/domain/stripe-sync/stripe-source.ts";
import { createSourceSyncer, syncDueSources } from "#app/domain/stripe-sync/sync-due-sources.server.ts";
import { syncSource } from "#app/domain/stripe-sync/sync-source.server.ts";
import { readSubscriptionSnapshot } from "#app/domain/subscription/subscription-snapshot.server.ts";
import { storeEvents } from "#app/domain/webhook-inbox/receive-event.server.ts";
import { db } from "#app/infra/db.server.ts";
import { aPolicy, aPrice } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";
import { aLine, anInvoice, aSubscription, day, list, listenAsStripe, start } from "#tests/stripe-answers.ts";

const { apiBase, answers, asked, stop } = await listenAsStripe();
afterAll(stop);
await useTestRuntime({ stripeApiBase: apiBase });
const policy = await aPolicy({ slug: "lumen-seat", term: "subscription" });
await aPrice({ policyId: policy.id, stripePriceId: "price_1", interval: "month", intervalCount: 1 });

const now = new Date((start + day) * 1000);

/** A paid subscription of three seats at Stripe, made without a checkout of ours. */
function stripeHolds(id: string, change: object = {}): void {
  answers.set(`subscriptions/${id}`, { body: aSubscription({ id, metadata: {}, ...change }) });
  answers.set(`invoices ${id}`, { body: list([anInvoice(`in_${id}`)]) });
}

async function mark(id: string, cause = "test"): Promise<void> {
  const source = sourceOfId(id);
  if (!source) throw new Error(`${id} is no source.`);
  await markSourceDirty({ ...source, livemode: false, cause });
}

const sourceRow = (id: string) => db().stripeSource.findUniqueOrThrow({ where: { id } });
const fetchesOf = (id: string) => asked.filter((key) => key === `subscriptions/${id}`).length;

test("a subscription gives its licenses, and a second sync changes nothing", async () => {
  stripeHolds("sub_first");
  await mark("sub_first");
  await syncDueSources(now);
  const licenses = () =>
    db().license.findMany({ where: { sourceId: "sub_first" }, orderBy: { ordinal: "asc" } });
  const first = await licenses();
  expect(first).toHaveLength(3);
  const rows = await db().auditLog.count();
  await mark("sub_first");
  await syncDueSources(now);
  expect(await licenses()).toEqual(first);
  expect(await db().auditLog.count()).toBe(rows);
  const { snapshot, stripeCustomerId, nextCheckAt } = await sourceRow("sub_first");
  expect(readSubscriptionSnapshot(snapshot)?.invoices[0]?.id).toBe("in_sub_first");
  expect(stripeCustomerId).toBe("cus_1");
  expect(nextCheckAt && nextCheckAt > now).toBe(true);
});

test("keys of a subscription heard of after its paid time are handed over once they work, not before", async () => {
  stripeHolds("sub_late");
  const late = (days: number) => new Date((start + days * day) * 1000);
  const mails = async () => (await db().email.findMany({ where: { kind: "license-issued" } })).length;
  const before = await mails();
  for (const days of [40, 41]) {
    await mark("sub_late");
    await syncDueSources(late(days));
    expect(await db().license.count({ where: { sourceId: "sub_late" } })).toBe(3);
    expect(await mails(), `day ${days}`).toBe(before);
  }
  const period = { start: start + 30 * day, end: start + 60 * day };
  const paid = anInvoice("in_second", { created: period.start, lines: list([aLine("si_1", { period })]) });
  answers.set("invoices sub_late", { body: list([paid, anInvoice("in_sub_late")]) });
  await mark("sub_late");
  await syncDueSources(late(42));
  expect(await mails()).toBe(before + 1);
});

test("a worker whose lease ran out while it fetched writes nothing", async () => {
  stripeHolds("sub_lease");
  await mark("sub_lease");
  const slow = await claimSource("sub_lease", now);
  await db()
    .$executeRaw`UPDATE stripe_source SET lease_until = now() - interval '1 second' WHERE id = 'sub_lease'`;
  const fast = await claimSource("sub_lease", now);
  if (!slow || !fast) throw new Error("The source could not be claimed twice.");
  expect(await syncSource(slow, now)).toBe("lease-lost");
  expect(await db().license.count({ where: { sourceId: "sub_lease" } })).toBe(0);
  expect(await syncSource(fast, now)).toBe("synced");
  expect(await db().license.count({ where: { sourceId: "sub_lease" } })).toBe(3);
});

test("a subscription of the other mode, and one Stripe does not know, change nothing and say why", async () => {
  stripeHolds("sub_live", { livemode: true });
  const body = { error: { type: "invalid_request_error", code: "resource_missing", message: "No such" } };
  for (const key of ["subscriptions/sub_none", "invoices sub_none"]) answers.set(key, { status: 404, body });
  for (const id of ["sub_live", "sub_none"]) {
    await mark(id);
    const claim = await claimSource(id, now);
    if (!claim) throw new Error("The source could not be claimed.");
    expect(await syncSource(claim, now), id).toBe("not-found");
    expect(await sourceRow(id)).toMatchObject({ orderId: null, snapshot: null, failCount: 0 });
    expect(await db().license.count({ where: { sourceId: id } })).toBe(0);
  }
});

test("a refund leads over its payment and invoice to the subscription, which looks at it from then on", async () => {
  stripeHolds("sub_refund");
  const refund = {
    object: "refund",
    id: "re_9",
    amount: 4500,
    status: "succeeded",
    charge: "ch_9",
    created: start,
  };
  answers.set("refunds/re_9", { body: { ...refund, payment_intent: "pi_in_sub_refund" } });
  const invoice = anInvoice("in_sub_refund", {
    parent: { subscription_details: { subscription: "sub_refund" } },
  });
  answers.set("invoice_payments", {
    body: list([{ object: "invoice_payment", id: "inpay_9", invoice }]),
  });
  answers.set("refunds pi_in_sub_refund", { body: list([refund]) });
  await mark("re_9");
  await syncDueSources(now);
  expect(
    await db().stripePayment.findUnique({ where: { paymentIntentId: "pi_in_sub_refund" } }),
  ).toMatchObject({
    sourceId: "sub_refund",
    invoiceId: "in_sub_refund",
    flaggedAt: now,
  });
  expect(asked).toContain("radar/early_fraud_warnings pi_in_sub_refund");
  expect(await db().licenseHold.count({ where: { license: { sourceId: "sub_refund" } } })).toBe(3);
});

test("staff are told once of an open invoice that is charged outside Stripe, and not of one that is paid", async () => {
  stripeHolds("sub_outside");
  const open = anInvoice("in_open", { status: "open", payments: list([]) });
  answers.set("invoices sub_outside", { body: list([open, anInvoice("in_sub_outside")]) });
  const hear = async (invoice: string, delivery: number) => {
    await storeEvents([
      {
        event: {
          ...{ dedupeKey: `evt_${invoice}_${delivery}`, eventId: `evt_${invoice}_${delivery}` },
          ...{ type: "invoice.payment_attempt_required", objectType: "invoice", objectId: invoice },
          source: { sourceId: "sub_outside", kind: "subscription" },
          ...{ livemode: false, accountId: null, apiVersion: null, created: now },
        },
        ...{ payload: "{}", receivedAt: now },
      },
    ]);
    await syncDueSources(now);
  };
  await hear("in_open", 1);
  await hear("in_open", 2);
  await hear("in_sub_outside", 1);
  const alerts = await db().alert.findMany({ where: { kind: "payment-attempt-required" } });
  expect(alerts).toMatchObject([{ causeKey: "in_open", sourceId: "sub_outside", resolvedAt: null }]);
  expect(alerts[0]?.orderId).toMatch(/^ord_/);
});

test("hints that come during and shortly after a sync cost one more fetch, not one each", async () => {
  stripeHolds("sub_burst");
  asked.length = 0;
  await mark("sub_burst");
  const syncer = createSourceSyncer(() => undefined);
  await syncer.start(now);
  for (let hint = 0; hint < 5; hint++) await mark("sub_burst");
  await syncer.idle();
  for (const seconds of [0, 1, 2, 2.9]) {
    await mark("sub_burst");
    expect(await syncer.start(new Date(now.getTime() + seconds * 1000)), `after ${seconds} s`).toBe(0);
  }
  expect(fetchesOf("sub_burst")).toBe(1);
  expect(await syncer.start(new Date(now.getTime() + 3000))).toBe(1);
  await syncer.idle();
  expect(fetchesOf("sub_burst")).toBe(2);
  expect(await sourceRow("sub_burst")).toMatchObject({ leaseToken: null, failCount: 0 });
  expect(await claimDueSources(new Date(now.getTime() + 10_000), 8)).toEqual([]);
});

test("a checkout that sold a subscription leads to it at once, and names its buyer", async () => {
  const subscriptionId = "sub_checkout";
  stripeHolds(subscriptionId, { customer: { object: "customer", id: "cus_9", email: null, name: null } });
  answers.set("checkout/sessions/cs_test_checkout", {
    body: {
      object: "checkout.session",
      id: "cs_test_checkout",
      livemode: false,
      mode: "subscription",
      status: "complete",
      payment_status: "paid",
      created: start,
      expires_at: start + day,
      amount_total: 4500,
      currency: "usd",
      customer: { id: "cus_9", email: null, name: null },
      customer_details: { email: "Grace@Example.com", name: "Grace" },
      client_reference_id: null,
      metadata: {},
      payment_link: null,
      payment_intent: null,
      subscription: subscriptionId,
    },
  });
  const price = { id: "price_1", lookup_key: null, metadata: {} };
  const line = { object: "item", id: "li_1", description: "Seat", quantity: 3, amount_total: 4500, price };
  answers.set("checkout/sessions/cs_test_checkout/line_items", { body: list([line]) });
  const session = { object: "checkout.session", id: "cs_test_checkout" };
  answers.set(`checkout/sessions ${subscriptionId}`, { body: list([session]) });
  await mark("cs_test_checkout", "evt_completed");
  await syncDueSources(now);
  const licenses = await db().license.findMany({
    where: { sourceId: subscriptionId },
    include: { customer: true, order: true },
  });
  expect(licenses.map(({ customer }) => customer?.email)).toEqual(Array(3).fill("grace@example.com"));
  expect(licenses[0]?.order).toMatchObject({ stripeSubscriptionId: subscriptionId });
  expect(await sourceRow(subscriptionId)).toMatchObject({ dirtyCause: "evt_completed" });
  expect(await db().order.count({ where: { stripeSessionId: "cs_test_checkout" } })).toBe(1);
  // Synced again, the session asks for its subscription once more, which finds nothing to change.
  await mark("cs_test_checkout");
  await syncDueSources(now);
  expect(await db().license.count({ where: { sourceId: subscriptionId } })).toBe(3);
});
