import { z } from "zod";
import { maxFingerprintLength } from "#app/domain/activation/device.ts";
import { DomainError } from "#app/domain/domain-error.ts";

/** What every request begins with; the number is the version of its layout. */
const prefix = "LATCHKEY-REQUEST-1.";

const text = (most: number) => z.string().trim().min(1).max(most);

const OfflineRequest = z.object({
  key: text(128),
  product: text(128),
  fingerprint: text(maxFingerprintLength),
  name: text(128).nullish(),
  platform: text(64).nullish(),
  appVersion: text(64).nullish(),
});
export type OfflineRequest = z.output<typeof OfflineRequest>;

/**
 * The request an app without a connection shows as text: the prefix, then base64url of a JSON object. Line breaks and
 * blanks from mails and scanners are forgiven.
 * @throws DomainError INVALID that says what is wrong with the text and what to do; it never repeats the text.
 */
export function parseOfflineRequest(typed: string): OfflineRequest {
  const compact = typed.replace(/\s+/g, "");
  if (compact === "") throw refused("Paste the request that your app shows.");
  if (!compact.startsWith(prefix)) throw refused(problemOfStart(compact));
  const parsed = OfflineRequest.safeParse(jsonIn(compact.slice(prefix.length)));
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path[0];
  throw refused(
    field === undefined
      ? "The request is not complete. Copy all of it, up to its last character."
      : `The request says nothing usable about "${String(field)}". Let the app make it again, or update the app.`,
  );
}

function problemOfStart(compact: string): string {
  if (/^LATCHKEY-REQUEST-\d+\./.test(compact))
    return "The app that made this request is newer than this site. Ask the seller for help.";
  if (compact.startsWith("-----BEGIN"))
    return "This is a license file already. Paste it into the app; what belongs here is the request that the app shows.";
  return `A request begins with ${prefix} Copy all of what the app shows; a license key alone is not enough.`;
}

function jsonIn(encoded: string): unknown {
  try {
    return JSON.parse(Buffer.from(encoded, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}

export function refused(problem: string): DomainError {
  return new DomainError("INVALID", problem, { field: "request" });
}
