import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { receiveEvent } from "#app/domain/webhook-inbox/receive-event.server.ts";
import { replayEvent } from "#app/domain/webhook-inbox/replay-event.server.ts";
import { db } from "#app/infra/db.server.ts";
import { aStaffMember } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();

test("an event of a connected account is kept and ignored, and cannot be replayed", async () => {
  const body = JSON.stringify({
    object: "event",
    id: "evt_connected",
    account: "acct_1",
    type: "invoice.paid",
    livemode: false,
    created: 1_795_000_000,
    data: { object: { object: "invoice", id: "in_1", subscription: "sub_1" } },
  });
  expect(await receiveEvent(body, new Date())).toBe("stored");
  const row = await db().stripeEvent.findUniqueOrThrow({ where: { dedupeKey: "evt_connected" } });
  expect(row).toMatchObject({
    ignoredAt: expect.any(Date),
    note: expect.stringContaining("connected account"),
  });
  expect(await db().stripeSource.count()).toBe(0);
  const { id, name } = await aStaffMember();
  const actor = { type: "staff" as const, id, label: name };
  const replay = { dedupeKey: "evt_connected", actor, submission: randomUUID(), now: new Date() };
  await expect(replayEvent(replay)).rejects.toMatchObject({ code: "INVALID" });
});
