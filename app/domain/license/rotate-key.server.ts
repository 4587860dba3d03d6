import { randomUUID } from "node:crypto";
import { DomainError } from "#app/domain/domain-error.ts";
import { changeLicense, type LockedLicense } from "#app/domain/license/change-license.server.ts";
import {
  keyForSlot,
  keyLookup,
  randomKey,
  type StoredKey,
  storedKey,
} from "#app/domain/license/license-key.server.ts";
import { normalizeKey } from "#app/domain/license/license-key.ts";
import { dayWords } from "#app/domain/license/license-words.ts";
import { type ProgramAct, reasonOf } from "#app/domain/license/managed-input.ts";
import { readManagedLicenses } from "#app/domain/license/managed-license.queries.server.ts";
import type { ManagedLicense } from "#app/domain/license/managed-license.ts";
import type { Tx } from "#app/infra/db.server.ts";
import { inTransactionThenWake } from "#app/infra/wake-worker.server.ts";

/** A month: long enough to reach every customer, short enough that a leaked key does not live on. */
export const keyOverlapMaxHours = 720;

/**
 * Gives a license a new key; devices, terms and owner stay. The old key is taken for `overlapHours` more, 0 = not at all.
 * Not safe to repeat: each call makes a key.
 * @throws DomainError NOT_FOUND, CONFLICT for a revoked license, INVALID on `overlapHours`.
 */
export async function rotateKey(
  request: ProgramAct & { licenseId: string; overlapHours: number },
): Promise<ManagedLicense & { key: string }> {
  const { licenseId, overlapHours, now, actor, requestId } = request;
  if (!Number.isInteger(overlapHours) || overlapHours < 0 || overlapHours > keyOverlapMaxHours)
    throw new DomainError("INVALID", `Choose whole hours from 0 to ${keyOverlapMaxHours}.`, {
      field: "overlapHours",
    });
  return inTransactionThenWake(async (tx) => {
    const change = { licenseId, actor, now, requestId, version: null, notifyCustomer: false };
    await changeLicense(
      { ...change, submission: randomUUID(), reason: reasonOf(request.reason) },
      async (license) => {
        if (license.revokedAt)
          throw new DomainError(
            "CONFLICT",
            `This license was revoked on ${dayWords(license.revokedAt)}, which is final.`,
          );
        const expiresAt = new Date(now.getTime() + overlapHours * 3_600_000);
        await tx.supersededKey.create({
          data: { keyHmac: license.keyHmac, licenseId, expiresAt, createdAt: now },
        });
        return {
          change: "key-rotated",
          columns: await nextKey(tx, license),
          recorded: { oldKeyUntil: expiresAt.toISOString() },
          message: "Key replaced.",
          withoutMail: true,
        };
      },
    );
    const [license] = await readManagedLicenses(tx, [licenseId], now);
    if (!license?.key) throw new DomainError("NOT_FOUND", "There is no license with this id.");
    return { ...license, key: license.key };
  });
}

/**
 * The next key of the slot it fills, so that it can be made again from the master key; a random one for a license
 * without a slot. A license that was moved to another slot passes over the keys that this slot has given out before.
 */
async function nextKey(tx: Tx, license: LockedLicense): Promise<StoredKey & { generation: number }> {
  const { id, sourceId, itemKey, ordinal } = license;
  const keyPrefix = license.keyPrefix || (await prefixOfProduct(tx, license.productId));
  for (let generation = license.generation + 1; ; generation++) {
    const key =
      sourceId !== null && itemKey !== null && ordinal !== null
        ? keyForSlot(keyPrefix, { sourceId, itemKey, ordinal, generation })
        : randomKey(keyPrefix);
    const keyHmac = keyLookup(normalizeKey(key) ?? "");
    const taken =
      (await tx.license.count({ where: { keyHmac } })) +
      (await tx.supersededKey.count({ where: { keyHmac } }));
    if (taken === 0) return { ...storedKey(id, keyPrefix, key), generation };
  }
}

/** An imported key has no prefix; the next one is ours. */
async function prefixOfProduct(tx: Tx, id: string): Promise<string> {
  const product = await tx.product.findUniqueOrThrow({ where: { id }, select: { keyPrefix: true } });
  return product.keyPrefix;
}
