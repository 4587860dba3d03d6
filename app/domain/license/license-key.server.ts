import { randomBytes } from "node:crypto";
import {
  importedGroups,
  importedKeyProblem,
  importedLastGroup,
  normalizeImportedKey,
} from "#app/domain/license/imported-key.ts";
import {
  forgive,
  formatKey,
  groupsOf,
  keyBodyFromBytes,
  normalizeKey,
} from "#app/domain/license/license-key.ts";
import { decrypt, encrypt, hmac, masterKeyId } from "#app/infra/secrets.server.ts";

/** The slot a sold license fills; the same slot always gives the same key under one master key. */
export type LicenseSlot = { sourceId: string; itemKey: string; ordinal: number; generation: number };

/** The columns a key is kept in: never the key itself. */
export type StoredKey = {
  keyHmac: string;
  keyCiphertext: Buffer<ArrayBuffer>;
  keyEncryptionKeyId: string;
  keyPrefix: string;
  keyLastGroup: string;
  keyGroupHmacs: string[];
};

/** The key of a sold slot. A sale replayed from Stripe after a lost database gives back the key the buyer holds. */
export function keyForSlot(prefix: string, slot: LicenseSlot): string {
  const name = [slot.sourceId, slot.itemKey, slot.ordinal, slot.generation].join("|");
  return formatKey(prefix, keyBodyFromBytes(hmac("license-key-generation", name)));
}

/** A key for a license issued by hand. */
export function randomKey(prefix: string): string {
  return formatKey(prefix, keyBodyFromBytes(randomBytes(17)));
}

/** @throws Error when `key` is not one of ours. */
export function storedKey(licenseId: string, prefix: string, key: string): StoredKey {
  const normalized = normalizeKey(key);
  if (!normalized) throw new Error("This is not a well-formed license key.");
  const groups = groupsOf(normalized);
  return {
    keyHmac: keyLookup(normalized),
    ...sealed(licenseId, key),
    keyPrefix: prefix,
    keyLastGroup: groups.at(-1) ?? "",
    keyGroupHmacs: groups.map(groupLookup),
  };
}

/**
 * The columns of a key that another system made, which is kept as it is. An empty prefix marks it.
 * @throws Error when it cannot be taken: see `importedKeyProblem`.
 */
export function storedImportedKey(licenseId: string, key: string): StoredKey {
  const text = key.trim();
  const keyHmac = typedKeyLookup(text, { imported: true });
  if (!keyHmac) throw new Error("This key cannot be imported.");
  return {
    ...{ keyHmac, ...sealed(licenseId, text), keyPrefix: "" },
    keyLastGroup: importedLastGroup(text),
    keyGroupHmacs: importedGroups(text).map(groupLookup),
  };
}

function sealed(licenseId: string, key: string) {
  const keyCiphertext = encrypt("license-key-encryption", key, licenseId);
  return { keyCiphertext, keyEncryptionKeyId: masterKeyId() };
}

/** What `license.key_hmac` holds for a normalized key. */
export function keyLookup(normalized: string): string {
  return hmac("license-key-lookup", normalized).toString("hex");
}

/**
 * What `license.key_hmac` holds for a key as somebody typed it. With right check characters it is one of ours, whoever
 * made it; with our shape and wrong ones it is nobody's; anything else can only be an `imported` one. The word in front
 * keeps those apart from ours and from groups.
 * @returns null when no license can have this key.
 */
export function typedKeyLookup(typed: string, { imported }: { imported: boolean }): string | null {
  const own = normalizeKey(typed);
  if (own) return keyLookup(own);
  if (!imported || importedKeyProblem(typed)) return null;
  return keyLookup(`imported ${normalizeImportedKey(typed)}`);
}

/** What `license.key_group_hmacs` holds for one group of four. */
export function groupLookup(group: string): string {
  return hmac("license-key-lookup", `group ${forgive(group)}`)
    .subarray(0, 8)
    .toString("hex");
}

/** @throws Error when the row was sealed under another master key. */
export function readKey(license: { id: string; keyCiphertext: Uint8Array }): string {
  return decrypt("license-key-encryption", license.keyCiphertext, license.id);
}
