import { timingSafeEqual } from "node:crypto";
import { readSignInCookie, signInCookie } from "#app/http/sign-in-cookies.server.ts";
import { hmac, randomToken } from "#app/infra/secrets.server.ts";

const rememberedSeconds = 365 * 86_400;
const rememberedAddresses = 5;

/**
 * The id of this browser when somebody has signed in with `email` on it before, else null. It opens nothing: it
 * only has turns of its own, so that strangers who use up everybody else's cannot lock its owner out.
 */
export function knownDevice(request: Request, email: string): string | null {
  const { id, signatures } = read(request);
  if (!id) return null;
  const expected = Buffer.from(sign(id, email));
  const known = signatures.some((signature) => {
    const given = Buffer.from(signature);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  return known ? id : null;
}

/** A Set-Cookie value that makes this browser known for `email`, beside the last few it is known for already. */
export function rememberDevice(request: Request, email: string): string {
  const { id, signatures } = read(request);
  const deviceId = id ?? randomToken();
  const signature = sign(deviceId, email);
  const others = signatures.filter((other) => other !== signature).slice(0, rememberedAddresses - 1);
  return signInCookie("device", [deviceId, signature, ...others].join("."), rememberedSeconds);
}

function read(request: Request): { id: string | null; signatures: string[] } {
  const [id, ...signatures] = (readSignInCookie(request, "device") ?? "").split(".");
  if (!id || !/^[\w-]{43}$/.test(id)) return { id: null, signatures: [] };
  return { id, signatures: signatures.slice(0, rememberedAddresses) };
}

function sign(id: string, email: string): string {
  return hmac("cookie", `device:${id}:${email}`).toString("base64url");
}
