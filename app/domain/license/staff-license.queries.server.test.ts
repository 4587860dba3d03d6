import { expect, test } from "vitest";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { licenseAuditFacts } from "#app/domain/license/license-facts.ts";
import { getLicenseForStaff } from "#app/domain/license/staff-license.queries.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { aLicense, aPolicy, aSubscription } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();

const day = (month: number, date: number) => new Date(Date.UTC(2026, month - 1, date, 12));
const stripe = { type: "stripe", label: "Stripe" } as const;

/** A subscribed license that was renewed by an event, moved to another plan by staff's sync and held by its timer. */
async function aStory() {
  const monthly = await aPolicy({ term: "subscription", name: "Monthly" });
  const yearly = await aPolicy({ term: "subscription", name: "Yearly" });
  const { id: sourceId, order } = await aSubscription({
    order: { createdAt: day(10, 3), paidAt: day(10, 3) },
  });
  const license = await aLicense({
    ...{ policyId: yearly.id, orderId: order.id, sourceId, itemKey: "si_1", ordinal: 0 },
    ...{ paidUntil: day(12, 3), graceUntil: day(12, 10), extendedUntil: day(12, 24) },
  });
  await db().licenseHold.create({
    data: {
      ...{ id: "hold_1", licenseId: license.id, cause: `unpaid:${sourceId}` },
      reason: "The renewal has not been paid.",
    },
  });
  await db().stripeEvent.create({
    data: {
      ...{ dedupeKey: "evt_paid", eventId: "evt_paid", type: "invoice.paid", sourceId, livemode: false },
      ...{ created: day(11, 3), receivedAt: day(11, 3), processedAt: day(11, 3), payload: "{}" },
    },
  });
  const now = licenseAuditFacts(license);
  const was = { ...now, paidUntil: day(11, 3).toISOString() };
  const acts = [
    { at: day(11, 3), event: "license.renewed", cause: "evt_paid", before: was, after: now },
    { at: day(11, 9), event: "license.shortened", cause: "evt_forgotten", before: now, after: was },
    {
      at: day(11, 12),
      event: "license.plan-changed",
      cause: "staff anna@example.com",
      before: { ...now, policyId: monthly.id },
      after: now,
    },
    {
      at: day(12, 10),
      event: "license.suspended",
      cause: "timer",
      before: now,
      after: { ...now, holds: [`unpaid:${sourceId}`] },
    },
  ] as const;
  await inTransaction(async (tx) => {
    for (const { at, event, cause, before, after } of acts)
      await recordAudit(tx, {
        ...{ now: at, actor: stripe, event, cause, before, after },
        ...{ target: { type: "license", id: license.id }, licenseId: license.id, orderId: order.id },
        reason: event === "license.suspended" ? "The renewal has not been paid." : null,
      });
    await recordAudit(tx, {
      ...{
        now: day(11, 20),
        actor: stripe,
        event: "subscription.changed",
        cause: "sweep",
        orderId: order.id,
      },
      target: { type: "order", id: order.id },
      ...{ before: { status: "active" }, after: { status: "past_due" } },
    });
  });
  return { license, sourceId };
}

test("a subscribed license tells what moved it, and which event, timer or person that was", async () => {
  const { license, sourceId } = await aStory();
  const shown = await getLicenseForStaff({ licenseId: license.id, now: day(12, 12) });
  const acts = shown?.timeline.filter(({ kind }) => kind === "license" || kind === "payment") ?? [];
  expect(acts.map(({ title, changes, cause }) => [title, changes, cause]).slice(0, 5)).toEqual([
    [
      `Suspended because of an unpaid subscription (${sourceId})`,
      [],
      { words: "Noticed by its timer", eventKeys: [] },
    ],
    [
      "Subscription changed",
      ["Status: Active → Payment overdue"],
      { words: "Noticed by the regular check", eventKeys: [] },
    ],
    [
      "Moved to another plan",
      ["Plan: Monthly → Yearly"],
      { words: "Noticed when anna@example.com compared it with Stripe", eventKeys: [] },
    ],
    [
      "Shortened to 3 Nov 2026",
      ["Paid until: 3 Dec 2026 → 3 Nov 2026"],
      { words: "Told by Stripe: evt_forgotten", eventKeys: [] },
    ],
    [
      "Renewed to 3 Dec 2026",
      ["Paid until: 3 Nov 2026 → 3 Dec 2026"],
      { words: "Told by Stripe: evt_paid", eventKeys: ["evt_paid"] },
    ],
  ]);
  expect(shown?.timeline.some(({ id }) => id === "evt_paid")).toBe(true);
});

test("its ends are told apart with how they combine, its hold with what ends it", async () => {
  const license = await db().license.findFirstOrThrow();
  const shown = await getLicenseForStaff({ licenseId: license.id, now: day(12, 12) });
  expect(shown).toMatchObject({
    paidUntil: day(12, 3),
    graceUntil: day(12, 10),
    extendedUntil: day(12, 24),
    holds: [{ byStaff: false, remedy: expect.stringContaining("Extending the license lets it work again") }],
  });
  expect(shown?.worksUntilWords).toContain(
    "it works until 24 Dec 2026: the latest of what is paid (3 Dec 2026)",
  );
  expect(shown?.worksUntilWords).toContain("A later renewal does not shorten the extension");
});
