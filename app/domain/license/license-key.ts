/**
 * License keys: PREFIX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX. Crockford base 32: 26 characters (130 bits) and two
 * check characters over GF(32), which catch every single wrong character and every swapped pair before any look-up.
 */
export const keyAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
export const keyBodyLength = 26;
const keyLength = keyBodyLength + 2;
const groupLength = 4;

// GF(32) with the primitive polynomial x^5 + x^2 + 1.
const exp: number[] = [];
const log: number[] = [];
for (let i = 0, x = 1; i < 31; i++) {
  exp[i] = x;
  log[x] = i;
  x <<= 1;
  if (x & 32) x ^= 0b100101;
}

function timesAlpha(value: number, power: number): number {
  if (value === 0) return 0;
  return exp[((log[value] ?? 0) + power) % 31] ?? 0;
}

/** The two check characters of 26 body characters (a shortened Reed-Solomon code, distance 3). */
export function checkCharacters(body: string): string {
  let plain = 0;
  let weighted = 0;
  for (let i = 0; i < body.length; i++) {
    const value = keyAlphabet.indexOf(body.charAt(i));
    plain ^= value;
    weighted ^= timesAlpha(value, i);
  }
  // Choose c26 and c27 so that the sum and the weighted sum over all 28 characters are zero.
  const a = exp[26] ?? 0;
  const b = exp[27] ?? 0;
  const divisor = a ^ b;
  const c26 = divide(weighted ^ multiply(b, plain), divisor);
  const c27 = plain ^ c26;
  return keyAlphabet.charAt(c26) + keyAlphabet.charAt(c27);
}

function multiply(a: number, b: number): number {
  return b === 0 ? 0 : timesAlpha(a, log[b] ?? 0);
}

function divide(a: number, b: number): number {
  return a === 0 ? 0 : timesAlpha(a, 31 - (log[b] ?? 0));
}

/** 16.25 bytes are 130 bits: takes 17 bytes and uses their first 130 bits. */
export function keyBodyFromBytes(bytes: Uint8Array): string {
  let bits = 0;
  let held = 0;
  let body = "";
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    held += 8;
    while (held >= 5 && body.length < keyBodyLength) {
      held -= 5;
      body += keyAlphabet.charAt((bits >>> held) & 31);
      bits &= (1 << held) - 1;
    }
  }
  return body;
}

/** `LUMEN` and a body to `LUMEN-XXXX-…`. */
export function formatKey(prefix: string, body: string): string {
  const full = body + checkCharacters(body);
  return [prefix, ...groupsOf(full)].join("-");
}

export function groupsOf(characters: string): string[] {
  return characters.match(new RegExp(`.{1,${groupLength}}`, "g")) ?? [];
}

/** Case, spaces, dashes, O for 0 and I or L for 1 are forgiven. */
export function forgive(typed: string): string {
  return typed
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, "")
    .replace(/O/g, "0")
    .replace(/[IL]/g, "1");
}

/**
 * What is looked up: the 28 characters after the prefix, which is ignored.
 * @returns null when this cannot be a key of ours: too short, a foreign character or wrong check characters.
 */
export function normalizeKey(typed: string): string | null {
  const characters = forgive(typed);
  if (characters.length < keyLength || characters.length > keyLength + 24) return null;
  const key = characters.slice(-keyLength);
  for (const character of key) if (!keyAlphabet.includes(character)) return null;
  return checkCharacters(key.slice(0, keyBodyLength)) === key.slice(keyBodyLength) ? key : null;
}

/** First and last group only, as lists and unrevealed pages show it. An imported key has no prefix and any length. */
export function maskKey(prefix: string, lastGroup: string): string {
  if (prefix === "") return `••••-${lastGroup}`;
  return `${prefix}-••••-••••-••••-••••-••••-••••-${lastGroup}`;
}

/** Prefix and last group of a masked key, for headings and narrow columns: `LUMEN-…-7K3M`; imported: `••••-1f3a`. */
export function shortMaskedKey(maskedKey: string): string {
  const groups = maskedKey.split("-");
  if (groups.length === 2) return maskedKey;
  return `${groups[0] ?? ""}-…-${groups.at(-1) ?? ""}`;
}
