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
  | "renewal";

/**
 * A typed id such as `lic_01j…`: 48 bits of time and 80 random bits in Crockford base 32, so that ids sort by
 * their making, nobody can guess one, and a pasted id says what it is.
 */
export function newId(prefix: IdPrefix, now: Date = new Date()): string {
  let time = now.getTime();
  let text = "";
  for (let i = 0; i < 10; i++) {
    text = alphabet.charAt(time % 32) + text;
    time = Math.floor(time / 32);
  }
  const random = crypto.getRandomValues(new Uint8Array(16));
  for (const byte of random) text += alphabet.charAt(byte % 32);
  return `${prefix}_${text}`;
}
