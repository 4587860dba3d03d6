// The rules of signing in with a typed code. The code is typed because mail scanners follow links and press
// buttons (docs/decisions/0006); it only counts in the browser that asked for it.

export const signInCodeLength = 8;
export const signInCodeTtlSeconds = 600;
export const signInCodeTries = 5;
/** How long to wait before the same browser may ask for another mail. */
export const resendAfterSeconds = 30;

// Crockford base 32: no I, L, O or U, so nothing is confused or spells a word.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Eight random bytes become eight characters with 40 bits; 256 is a multiple of 32, so all are equally likely. */
export function signInCodeFromBytes(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, signInCodeLength), (byte) => alphabet.charAt(byte % 32)).join("");
}

/** As mails show it: `ABCD-EFGH`. */
export function formatSignInCode(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

/**
 * What was meant by what was typed or pasted: case, spaces, dashes, full-width letters and O/0, I/L/1 are
 * forgiven. Null when it cannot be a code.
 */
export function normalizeSignInCode(typed: string): string | null {
  const code = typed
    .slice(0, 100)
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[\s\p{P}\p{Cf}\p{Sm}]/gu, "")
    .replaceAll("O", "0")
    .replace(/[IL]/g, "1");
  const fits =
    code.length === signInCodeLength && [...code].every((character) => alphabet.includes(character));
  return fits ? code : null;
}

/** Enough to notice a slip of the finger, too little for who looks over the shoulder: `a…e@example.com`. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf("@");
  const local = email.slice(0, at);
  return `${local.slice(0, 1)}…${local.length > 2 ? local.slice(-1) : ""}${email.slice(at)}`;
}

export type SignInRefusal =
  | { outcome: "malformed" }
  | { outcome: "wrong"; triesLeft: number }
  | { outcome: "too-many-tries" }
  | { outcome: "expired" }
  | { outcome: "used" }
  | { outcome: "no-flow" };

/** Says what to do next; never whether the shop knows the address. */
export function signInRefusalWords(refusal: SignInRefusal): string {
  switch (refusal.outcome) {
    case "malformed":
      return `A code has ${signInCodeLength} letters and digits, like ABCD-EFGH. Copy it from the email.`;
    case "wrong":
      return refusal.triesLeft === 0
        ? "That is not the code, and it was the last try. Ask for a new code."
        : `That is not the code from the newest email. ${refusal.triesLeft === 1 ? "One try is" : `${refusal.triesLeft} tries are`} left.`;
    case "too-many-tries":
      return `This code was tried ${signInCodeTries} times and is closed. Ask for a new one.`;
    case "expired":
      return "This code is older than 10 minutes. Ask for a new one.";
    case "used":
      return "This code was already used. Ask for a new one.";
    case "no-flow":
      return "This browser has not asked for a code, or that was too long ago. Codes only work in the browser that asked: enter your address to get one.";
  }
}

/** Why a flow no longer takes codes, or null while it does. */
export function closedFlow(
  flow: { usedAt: Date | null; attempts: number; expiresAt: Date },
  now: Date,
): SignInRefusal | null {
  if (flow.usedAt) return { outcome: "used" };
  if (flow.expiresAt <= now) return { outcome: "expired" };
  if (flow.attempts >= signInCodeTries) return { outcome: "too-many-tries" };
  return null;
}
