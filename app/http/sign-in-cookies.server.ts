import { cookieName, readCookie, serializeCookie } from "#app/http/cookies.server.ts";

/** What a browser keeps for signing in. All are HttpOnly, SameSite=Lax and, on https, `__Host-` and Secure. */
const bases = {
  /** the token of a customer's session */
  customer: "session",
  /** the token of a staff session: another cookie, so that one person may be both */
  staff: "staff",
  /** the flow this browser asked a code for */
  flow: "sign-in",
  /** signed proof that somebody signed in here before; opens nothing */
  device: "device",
} as const;
export type SignInCookie = keyof typeof bases;

export function readSignInCookie(request: Request, cookie: SignInCookie): string | null {
  return readCookie(request, cookieName(bases[cookie]));
}

/** A Set-Cookie value. */
export function signInCookie(cookie: SignInCookie, value: string, maxAgeSeconds: number): string {
  return serializeCookie(cookieName(bases[cookie]), value, { maxAgeSeconds });
}

/** A Set-Cookie value that makes the browser forget the cookie. */
export function forgetSignInCookie(cookie: SignInCookie): string {
  return signInCookie(cookie, "", 0);
}
