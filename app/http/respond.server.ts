import { json } from "@remix-run/node";
import type { DomainError, DomainErrorCode } from "#app/domain/domain-error.ts";

const statuses: Record<DomainErrorCode, number> = {
  NOT_FOUND: 404,
  FORBIDDEN: 403,
  INVALID: 422,
  CONFLICT: 409,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
};

/** The only place where a code of the domain becomes a status. */
export function statusOf(code: DomainErrorCode): number {
  return statuses[code];
}

/**
 * What a loader throws when there is no such thing, or none that the reader may know of; the two look the same.
 * `what` completes "this …", as in `notFound("license")`.
 */
export function notFound(what: string): Response {
  return json({ message: `There is no such ${what}, or it belongs to somebody else.` }, { status: 404 });
}

/** A refusal of the domain as a response to throw; its words reach the error page. */
export function errorResponse(error: DomainError): Response {
  const retryAfter = error.context.retryAfterSeconds;
  const headers: Record<string, string> =
    typeof retryAfter === "number" ? { "Retry-After": String(Math.ceil(retryAfter)) } : {};
  return json({ message: error.publicMessage }, { status: statusOf(error.code), headers });
}

const base = "http://portal.invalid";

/**
 * The same path, query and fragment when `value` leads to this site, else `fallback`. Takes only what starts with
 * exactly one slash, and looks at it the way a browser does: `//host`, `/\host`, `/.//host` and control characters
 * that browsers drop all lead away.
 */
export function safeRedirectPath(value: unknown, fallback: string): string {
  if (typeof value !== "string" || value.length > 2_000) return fallback;
  if (!/^\/(?!\/)/.test(value) || /[\\\p{Cc}\p{Zl}\p{Zp}]/u.test(value)) return fallback;
  let url: URL;
  try {
    url = new URL(value, base);
  } catch {
    return fallback;
  }
  // Encoded slashes in front are no threat to a browser, yet some proxy may decode them on the way.
  if (url.origin !== base || /^\/(\/|%2f|%5c)/i.test(url.pathname)) return fallback;
  return url.pathname + url.search + url.hash;
}
