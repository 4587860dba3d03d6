import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { activateDevice } from "#app/domain/activation/activate-device.server.ts";
import { findLicense, readFoundLicense } from "#app/domain/activation/find-license.server.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { uuidOf } from "#app/domain/ids.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { db } from "#app/infra/db.server.ts";
import { aLicense } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const now = new Date();

async function activate(licenseId: string, fingerprint: string): Promise<string> {
  const act = { actor: systemActor("test"), now, requestId: null };
  const { license } = await activateDevice({ ...act, licenseId, fingerprint });
  return license.device?.id ?? "";
}

test("questions that are answered together never get the answer of another one", async () => {
  const [tricky, ...others] = await Promise.all([1, 2, 3, 4].map(() => aLicense({ deviceLimit: 5 })));
  if (!tricky) throw new Error("four licenses were made");
  // A second device whose fingerprint is the id of the first: the question below means either.
  const first = await activate(tricky.id, randomUUID());
  await activate(tricky.id, uuidOf(first));
  const device = { fingerprint: uuidOf(first), activationId: first };
  const asked = [tricky, ...others];
  const found = await Promise.all(
    asked.map((license) =>
      findLicense({ key: readKey(license), ...(license === tricky && { device }) }, now),
    ),
  );
  expect(found.map((license) => license?.id)).toEqual(asked.map(({ id }) => id));
  expect(found.map((license) => license?.device?.id ?? null)).toEqual([first, null, null, null]);
  expect((await findLicense({ key: readKey(tricky), device }, now))?.device?.id).toBe(first);
  expect(
    (await readFoundLicense((_name, statement) => db().$queryRaw(statement), tricky.id, device, now))?.device
      ?.id,
  ).toBe(first);
});
