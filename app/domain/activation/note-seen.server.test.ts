import { expect, test } from "vitest";
import { flushSeen, noteSeen } from "#app/domain/activation/note-seen.server.ts";
import { db } from "#app/infra/db.server.ts";
import { aLicense, anActivation } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const first = new Date(Date.UTC(2031, 0, 1));
const later = new Date(Date.UTC(2031, 0, 2));
const license = await aLicense();
const aDevice = () => anActivation({ licenseId: license.id, firstSeenAt: first, lastSeenAt: first });
const lastSeen = async (id: string) =>
  (await db().activation.findUniqueOrThrow({ where: { id } })).lastSeenAt;

test("what was noted is written in one go, and never takes an instant back", async () => {
  const [a, b] = [await aDevice(), await aDevice()];
  noteSeen(a.id, first);
  noteSeen(a.id, later);
  noteSeen(b.id, new Date(first.getTime() - 1000));
  noteSeen("act_of_nobody", later);
  await flushSeen();
  expect(await lastSeen(a.id)).toEqual(later);
  expect(await lastSeen(b.id)).toEqual(first);
  await flushSeen();
  expect(await lastSeen(a.id)).toEqual(later);
});

test("a device that somebody else writes right now is passed over instead of waited for", async () => {
  const [busy, free] = [await aDevice(), await aDevice()];
  await db().$transaction(async (tx) => {
    await tx.$queryRaw`SELECT 1 FROM activation WHERE id = ${busy.id} FOR UPDATE`;
    noteSeen(busy.id, later);
    noteSeen(free.id, later);
    await flushSeen();
  });
  expect(await lastSeen(free.id)).toEqual(later);
  expect(await lastSeen(busy.id)).toEqual(first);
});
