import { formatKey, keyBodyLength, normalizeKey } from "#app/domain/license/license-key.ts";

/**
 * The key as it was handed out, from what the caller typed and the prefix of its license: programs compare the keys in
 * answers with the ones they keep, and derive secrets from them.
 */
export function keyAsIssued(license: { keyPrefix: string }, typed: string): string {
  const normalized = normalizeKey(typed);
  return normalized ? formatKey(license.keyPrefix, normalized.slice(0, keyBodyLength)) : typed;
}
