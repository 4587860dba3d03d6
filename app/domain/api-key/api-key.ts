/**
 * API keys: `lk_`, 40 characters of Crockford base 32 (200 random bits) and 7 for the CRC-32 of all before them. A
 * mistyped, cut or made-up key is refused without asking the database, and a leaked one can be found by its look.
 */
export const apiKeyPrefix = "lk_";
/** 200 bits. */
export const apiKeyRandomBytes = 25;
export const apiKeyNameMaxLength = 128;
/** A month: long enough for every deployment, short enough that an old key does not stay for ever. */
export const overlapMaxHours = 720;
export const overlapDefaultHours = 24;

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const checkLength = 7;
const form = /^lk_[0-9a-hjkmnp-tv-z]{47}$/;

/** The key that `apiKeyRandomBytes` random bytes make. */
export function apiKeyFromBytes(bytes: Uint8Array): string {
  let body = apiKeyPrefix;
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    held += 8;
    while (held >= 5) {
      held -= 5;
      body += alphabet.charAt((bits >>> held) & 31);
      bits &= (1 << held) - 1;
    }
  }
  return body + checkCharacters(body);
}

/** Whether `text` can be a key of ours. Nothing is forgiven: programs copy keys, people do not type them. */
export function isApiKey(text: string): boolean {
  return form.test(text) && checkCharacters(text.slice(0, -checkLength)) === text.slice(-checkLength);
}

/** The last characters, which tell keys apart in lists. */
export function apiKeyHint(key: string): string {
  return key.slice(-4);
}

/** `lk_…7k3m`, as lists and questions name a key. */
export function maskedApiKey(hint: string): string {
  return `${apiKeyPrefix}…${hint}`;
}

function checkCharacters(text: string): string {
  let rest = crc32(text);
  let characters = "";
  for (let i = 0; i < checkLength; i++) {
    characters = alphabet.charAt(rest % 32) + characters;
    rest = Math.floor(rest / 32);
  }
  return characters;
}

// CRC-32 as in zip and Ethernet: the reversed polynomial 0xEDB88320.
const table = Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let i = 0; i < 8; i++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 of an ASCII text, as an unsigned number. */
export function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let i = 0; i < text.length; i++) crc = (crc >>> 8) ^ (table[(crc ^ text.charCodeAt(i)) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

export const apiKeyStates = ["active", "replaced", "expired", "revoked"] as const;
export type ApiKeyState = (typeof apiKeyStates)[number];

/** `replaced` is a key that was rotated and works until the overlap ends; only `active` keys can be rotated. */
export function apiKeyState(
  key: { expiresAt: Date | null; revokedAt: Date | null; replaced: boolean },
  now: Date,
): ApiKeyState {
  if (key.revokedAt) return "revoked";
  if (key.expiresAt && key.expiresAt <= now) return "expired";
  return key.replaced ? "replaced" : "active";
}

/** The earlier of two ends; null = none. */
export function earlierEnd(a: Date | null, b: Date | null): Date | null {
  if (!a || !b) return a ?? b;
  return a < b ? a : b;
}
