import { timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { hmac } from "#app/infra/secrets.server.ts";

/** What a device proves with its session that it validated before; instants in seconds since 1970. */
export type Session = {
  licenseId: string;
  deviceId: string;
  /** How the app called itself when it validated. */
  appId: string;
  ttlSeconds: number;
  exp: number;
};

const SessionSchema = z.object({
  licenseId: z.string(),
  deviceId: z.string(),
  appId: z.string(),
  ttlSeconds: z.int(),
  exp: z.int(),
});

/** Body and proof, joined by a dot; clients read `exp` from the body. Nothing is stored: the proof is ours alone. */
export function sessionToken(session: Session): string {
  const body = Buffer.from(JSON.stringify(session)).toString("base64url");
  return `${body}.${proofOf(body).toString("base64url")}`;
}

/** The session of a token of ours; null for any other text and for one that is over. */
export function readSessionToken(token: string, now: Date): Session | null {
  const [body = "", proof = "", ...rest] = token.split(".");
  const given = Buffer.from(proof, "base64url");
  const expected = proofOf(body);
  if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const session = SessionSchema.parse(JSON.parse(Buffer.from(body, "base64url").toString("utf8")));
  return session.exp * 1000 > now.getTime() ? session : null;
}

function proofOf(body: string): Buffer {
  return hmac("program-session", body);
}
