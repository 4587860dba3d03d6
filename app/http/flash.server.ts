import { timingSafeEqual } from "node:crypto";
import { redirect } from "@remix-run/node";
import { z } from "zod";
import { cookieName, readCookie, serializeCookie } from "#app/http/cookies.server.ts";
import { hmac } from "#app/infra/secrets.server.ts";

const FlashSchema = z.object({ id: z.string(), message: z.string(), tone: z.enum(["success", "error"]) });
/** A message for the next page; `id` tells two alike messages apart. */
export type Flash = z.infer<typeof FlashSchema>;

/** Long enough for a slow page, short enough that a message never turns up in another visit. */
const lifetimeSeconds = 60;
/** Browsers keep at most 4096 bytes of a cookie. */
const maxMessageLength = 500;

/** Sends the browser to `url` (a path of ours) by 303, where the layout says `message` once. */
export async function redirectWithFlash(
  url: string,
  message: string,
  options: { tone?: Flash["tone"] } = {},
): Promise<Response> {
  const flash: Flash = {
    id: crypto.randomUUID(),
    message: message.slice(0, maxMessageLength),
    tone: options.tone ?? "success",
  };
  const body = Buffer.from(JSON.stringify(flash)).toString("base64url");
  const value = `${body}.${sign(body)}`;
  const cookie = serializeCookie(cookieName("flash"), value, { maxAgeSeconds: lifetimeSeconds });
  return redirect(url, { status: 303, headers: { "Set-Cookie": cookie } });
}

/**
 * The message waiting for this browser, or null when there is none or it was not written by us, and the header
 * that forgets it.
 */
export function readFlash(request: Request): { flash: Flash | null; headers: Record<string, string> } {
  const value = readCookie(request, cookieName("flash"));
  if (value === null) return { flash: null, headers: {} };
  return {
    flash: open(value),
    headers: { "Set-Cookie": serializeCookie(cookieName("flash"), "", { maxAgeSeconds: 0 }) },
  };
}

function open(value: string): Flash | null {
  const [body = "", signature = ""] = value.split(".");
  const given = Buffer.from(signature);
  const expected = Buffer.from(sign(body));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  // Signed by us, and yet perhaps by another version of us.
  const parsed = FlashSchema.safeParse(JSON.parse(Buffer.from(body, "base64url").toString()));
  return parsed.success ? parsed.data : null;
}

function sign(body: string): string {
  return hmac("cookie", `flash:${body}`).toString("base64url");
}
