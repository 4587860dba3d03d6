import { randomFillSync } from "node:crypto";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** The largest multiple of the alphabet's length that fits a byte: bytes from there on would favor the first letters. */
const FAIR_BYTES = 248;
const pool = new Uint8Array(8_192);
let used = pool.length;

function fairByte(): number {
  for (;;) {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    const byte = pool[used] ?? FAIR_BYTES;
    used += 1;
    if (byte < FAIR_BYTES) return byte;
  }
}

/** An opaque id as Stripe writes them: the prefix of the noun, then random letters and digits. */
export function newId(prefix: string, length = 24): string {
  let id = `${prefix}_`;
  for (let i = 0; i < length; i += 1) id += ALPHABET.charAt(fairByte() % ALPHABET.length);
  return id;
}

/** The id in a field that may hold an id or an object. */
export function idOf(value: string | { id: string } | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : value.id;
}
