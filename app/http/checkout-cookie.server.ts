import { cookieName, readCookie, serializeCookie } from "#app/http/cookies.server.ts";
import { randomToken } from "#app/infra/secrets.server.ts";

const ninetyDaysSeconds = 90 * 86_400;

/** What proves that this is the browser that bought: the return page shows the keys to whoever holds it. */
export function readBrowserNonce(request: Request): string | null {
  const value = readCookie(request, cookieName("checkout"));
  return value && /^[\w-]{43}$/.test(value) ? value : null;
}

/** The nonce this browser has, or a new one, and the cookie that keeps it. */
export function keepBrowserNonce(request: Request): { browserNonce: string; setCookie: string } {
  const browserNonce = readBrowserNonce(request) ?? randomToken();
  return {
    browserNonce,
    setCookie: serializeCookie(cookieName("checkout"), browserNonce, { maxAgeSeconds: ninetyDaysSeconds }),
  };
}
