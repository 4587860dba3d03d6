import { readKey } from "#app/domain/license/license-key.server.ts";
import { formatKey, keyBodyLength, normalizeKey } from "#app/domain/license/license-key.ts";

/**
 * The key as it was handed out, from what the caller typed and the prefix of its license: programs compare the keys in
 * answers with the ones they keep, and derive secrets from them. An imported key is read from its row, because what was
 * typed may differ in case and dashes.
 */
export function keyAsIssued(
  license: { id: string; keyPrefix: string; importedKey: Uint8Array | null },
  typed: string,
): string {
  if (license.importedKey) return readKey({ id: license.id, keyCiphertext: license.importedKey });
  const normalized = normalizeKey(typed);
  // An imported key that was replaced is taken as it comes.
  return normalized ? formatKey(license.keyPrefix, normalized.slice(0, keyBodyLength)) : typed.trim();
}
