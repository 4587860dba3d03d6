import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { replayEvent } from "#app/domain/webhook-inbox/replay-event.server.ts";
import { db, pool } from "#app/infra/db.server.ts";
import { aStaffMember } from "#tests/factories.ts";
import { checkOut, openShop, outcomeOf, takeEvents, work } from "#tests/scenarios/sale-harness.ts";
import type { StoredEvent } from "#tests/stripe-stand-in/stored-types.ts";

// A sale at which our own code fails, whatever Stripe answers: the database refuses its licenses.
const shop = await openShop();
const { standIn } = shop;

async function sell(): Promise<{ sessionId: string; completed: StoredEvent }> {
  takeEvents(standIn);
  const { sessionId } = await checkOut(shop);
  standIn.pay(sessionId);
  const completed = takeEvents(standIn).find(({ type }) => type === "checkout.session.completed");
  if (!completed) throw new Error("The sale caused no completed event.");
  return { sessionId, completed };
}

async function poison(sessionId: string): Promise<void> {
  await pool().query(`CREATE FUNCTION refuse_license() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN RAISE EXCEPTION 'cannot be projected'; END $$;
    CREATE TRIGGER refuse_license BEFORE INSERT ON license FOR EACH ROW
      WHEN (NEW.source_id = '${sessionId}') EXECUTE FUNCTION refuse_license();`);
}

test("S94 a poison event fails with an alert, keeps nobody else waiting, and is acted on once the fault is mended", async () => {
  const [poisoned, healthy] = [await sell(), await sell()];
  await poison(poisoned.sessionId);
  const now = Date.now();
  for (const { completed } of [poisoned, healthy]) await standIn.deliver(completed.id);
  for (let minute = 0; minute <= 120; minute += 5) await work(new Date(now + minute * 60_000));

  expect(await outcomeOf(healthy.sessionId)).toMatchObject({
    mails: { "license-issued": 1 },
    alerts: [],
    inStep: true,
  });
  const failed = await outcomeOf(poisoned.sessionId);
  expect(failed).toMatchObject({ alerts: ["fulfillment-failed"], inStep: false });
  expect([failed.licenses, failed.mails]).toEqual([[], {}]);
  const row = () => db().stripeEvent.findUniqueOrThrow({ where: { dedupeKey: poisoned.completed.id } });
  expect(await row()).toMatchObject({ processedAt: null, ignoredAt: null, failedAt: expect.any(Date) });
  expect((await row()).attempts).toBeGreaterThan(4);
  expect((await row()).lastError).toContain("cannot be projected");

  await pool().query("DROP TRIGGER refuse_license ON license");
  const { id, name, role } = await aStaffMember();
  const later = new Date(now + 121 * 60_000);
  await replayEvent({
    dedupeKey: poisoned.completed.id,
    actor: { type: "staff", id, label: `${name} (${role})` },
    submission: randomUUID(),
    now: later,
  });
  await work(later);
  const mended = await outcomeOf(poisoned.sessionId);
  expect(mended).toMatchObject({ mails: { "license-issued": 1 }, inStep: true });
  expect(mended.licenses).toHaveLength(2);
  expect(await row()).toMatchObject({ processedAt: expect.any(Date), failedAt: null, lastError: null });
  expect(await db().alert.count({ where: { sourceId: poisoned.sessionId, resolvedAt: null } })).toBe(0);
});
