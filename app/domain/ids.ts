const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

export type IdPrefix =
  | "prod"
  | "pol"
  | "price"
  | "cust"
  | "staff"
  | "ord"
  | "line"
  | "lic"
  | "hold"
  | "act"
  | "mail"
  | "alert"
  | "sub"
  | "renewal"
  | "key";

/**
 * A typed id such as `lic_01j…`: a UUID of version 7 (RFC 9562: 48 bits of time, 74 random bits) in Crockford base 32,
 * so that ids sort by their making, nobody can guess one, and a pasted id says what it is.
 */
export function newId(prefix: IdPrefix, now: Date = new Date()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let time = now.getTime();
  for (let i = 5; i >= 0; i--) {
    bytes[i] = time % 256;
    time = Math.floor(time / 256);
  }
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return `${prefix}_${textOf(bytes)}`;
}

/** The same 128 bits as a UUID, for programs that expect one. */
export function uuidOf(id: string): string {
  const value = bitsOf(id.slice(id.indexOf("_") + 1));
  const hex = value.toString(16).padStart(32, "0");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** The id that `uuid` stands for; null for a text that is no UUID. */
export function idOf(prefix: IdPrefix, uuid: string): string | null {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid)) return null;
  let value = BigInt(`0x${uuid.replaceAll("-", "")}`);
  let text = "";
  for (let i = 0; i < idLength; i++) {
    text = alphabet.charAt(Number(value % 32n)) + text;
    value /= 32n;
  }
  return `${prefix}_${text}`;
}

const idLength = 26;

/** 130 bits hold 128, so the first character is one of 0 to 7. */
function textOf(bytes: Uint8Array): string {
  let text = "";
  let held = 2;
  let bits = 0;
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    held += 8;
    while (held >= 5) {
      held -= 5;
      text += alphabet.charAt((bits >>> held) & 31);
      bits &= (1 << held) - 1;
    }
  }
  return text;
}

function bitsOf(text: string): bigint {
  let value = 0n;
  for (const character of text) value = value * 32n + BigInt(Math.max(0, alphabet.indexOf(character)));
  return value & ((1n << 128n) - 1n);
}
