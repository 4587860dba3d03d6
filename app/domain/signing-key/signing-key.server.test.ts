import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { retireSigningKey, rotateSigningKey } from "#app/domain/signing-key/change-signing-key.server.ts";
import { deriveSigningKey } from "#app/domain/signing-key/ed25519.server.ts";
import {
  forgetSigningKey,
  listSigningKeys,
  nextSigningKey,
  publicKeys,
  signingKey,
} from "#app/domain/signing-key/signing-key.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { setRuntimeEnv } from "#app/infra/env.server.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

const env = await useTestRuntime();
const now = new Date("2026-11-21T10:00:00Z");
const actor = { type: "staff", id: "staff_anna", label: "anna@example.com" } as const;
const change = { actor, now, requestId: "req-1" };

/** Every key that is not retired, oldest first. */
const states = async () => (await listSigningKeys()).map(({ state }) => state).reverse();

test("asking for the public keys before anything was signed tells the key that will sign, and writes nothing", async () => {
  const [key, ...others] = await publicKeys();
  expect(key).toMatchObject({ keyId: deriveSigningKey(1).keyId, state: "active" });
  expect(others).toEqual([]);
  expect((await nextSigningKey()).keyId).toBe(deriveSigningKey(2).keyId);
  expect(await db().signingKey.count()).toBe(0);
});

test("the first key is made once, however many ask for it at once", async () => {
  const asked = await Promise.all(
    Array.from({ length: 10 }, () => {
      forgetSigningKey();
      return signingKey();
    }),
  );
  expect(new Set(asked.map(({ keyId }) => keyId))).toEqual(new Set([deriveSigningKey(1).keyId]));
  expect(await states()).toEqual(["active"]);
  expect(await db().signingKey.findMany()).toMatchObject([{ publicKey: deriveSigningKey(1).publicKey }]);
});

test("after a rotation the new key signs, and the one before it is still told", async () => {
  const before = await signingKey();
  const told = await nextSigningKey();
  await rotateSigningKey(change);
  const after = await signingKey();
  expect(told).toMatchObject({ generation: 2, keyId: after.keyId, publicKey: after.publicKey });
  expect(after.keyId).toBe(deriveSigningKey(2).keyId);
  expect(await publicKeys()).toMatchObject([
    { keyId: after.keyId, state: "active" },
    { keyId: before.keyId, state: "verify-only" },
  ]);
  const [row] = await db().auditLog.findMany({ where: { event: "signing-key.rotated" } });
  expect(row).toMatchObject({ targetId: after.keyId, actorLabel: "anna@example.com", requestId: "req-1" });
});

test("a rotation in another process counts here within a second", async () => {
  await signingKey();
  const generation = 3;
  const next = deriveSigningKey(generation);
  // What another process writes; this one is told nothing.
  await inTransaction(async (tx) => {
    await tx.signingKey.updateMany({ where: { state: "active" }, data: { state: "verify-only" } });
    await tx.signingKey.create({
      data: { generation, keyId: next.keyId, publicKey: next.publicKey, state: "active", createdAt: now },
    });
  });
  const start = performance.now();
  await expect
    .poll(async () => (await signingKey()).keyId, { timeout: 5_000, interval: 20 })
    .toBe(next.keyId);
  expect(performance.now() - start).toBeLessThan(1_500);
});

test("rotations at once each make one key, and exactly one is active", async () => {
  await Promise.all(Array.from({ length: 5 }, () => rotateSigningKey(change)));
  expect((await listSigningKeys()).map(({ generation }) => generation)).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
  expect((await states()).filter((state) => state === "active")).toEqual(["active"]);
  expect((await signingKey()).keyId).toBe(deriveSigningKey(8).keyId);
});

test("the same form twice rotates once and says the same", async () => {
  const submission = crypto.randomUUID();
  const [first, second] = await Promise.all([
    rotateSigningKey({ ...change, submission }),
    rotateSigningKey({ ...change, submission }),
  ]);
  expect(first).toEqual(second);
  expect((await listSigningKeys())[0]?.generation).toBe(9);
});

test("the active key cannot be retired, another can, and only once", async () => {
  await expect(retireSigningKey({ ...change, generation: 9 })).rejects.toThrow("Rotate first");
  await expect(retireSigningKey({ ...change, generation: 99 })).rejects.toThrow("no signing key");
  await retireSigningKey({ ...change, generation: 1 });
  await retireSigningKey({ ...change, generation: 1 });
  const retired = deriveSigningKey(1).keyId;
  expect((await publicKeys()).map(({ keyId }) => keyId)).not.toContain(retired);
  expect((await listSigningKeys()).at(-1)).toMatchObject({ state: "retired", retiredAt: now });
  const rows = await db().auditLog.findMany({ where: { event: "signing-key.retired" } });
  expect(rows).toMatchObject([{ targetId: retired, targetType: "signing_key" }]);
});

test("a database made with another master key signs nothing and says what to do", async () => {
  setRuntimeEnv({ ...env, masterKey: randomBytes(32) });
  forgetSigningKey();
  await expect(signingKey()).rejects.toThrow(
    /MASTER_KEY is not the one .* start Latchkey with the master key/,
  );
  await expect(rotateSigningKey(change)).rejects.toThrow("MASTER_KEY is not the one");
  setRuntimeEnv(env);
  forgetSigningKey();
  expect((await signingKey()).keyId).toBe(deriveSigningKey(9).keyId);
});
