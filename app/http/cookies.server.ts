import { getEnv } from "#app/infra/env.server.ts";

function isSecureSite(): boolean {
  return getEnv().appUrl.startsWith("https:");
}

export type CookieOptions = { httpOnly: true; sameSite: "lax"; path: "/"; secure: boolean };

/** What every cookie of ours has in common; `secure` wherever the site is on https. */
export function cookieOptions(): CookieOptions {
  return { httpOnly: true, sameSite: "lax", path: "/", secure: isSecureSite() };
}

/** The full name of a cookie. On https the `__Host-` prefix keeps sibling domains from planting one. */
export function cookieName(base: string): string {
  return isSecureSite() ? `__Host-latchkey-${base}` : `latchkey-${base}`;
}

/** The value of the cookie with this full name, or null when there is none or it is not well formed. */
export function readCookie(request: Request, name: string): string | null {
  for (const part of (request.headers.get("cookie") ?? "").split(";")) {
    const equals = part.indexOf("=");
    if (equals < 0 || part.slice(0, equals).trim() !== name) continue;
    try {
      return decodeURIComponent(part.slice(equals + 1).trim());
    } catch {
      return null;
    }
  }
  return null;
}

/** A Set-Cookie value. Without `maxAgeSeconds` the cookie ends with the browser; with 0 it is forgotten. */
export function serializeCookie(
  name: string,
  value: string,
  options: { maxAgeSeconds?: number } = {},
): string {
  const { maxAgeSeconds } = options;
  const parts = [`${name}=${encodeURIComponent(value)}`, "Path=/", "HttpOnly", "SameSite=Lax"];
  if (isSecureSite()) parts.push("Secure");
  if (maxAgeSeconds !== undefined) parts.push(`Max-Age=${Math.floor(maxAgeSeconds)}`);
  return parts.join("; ");
}
