import type { ActionFunctionArgs } from "@remix-run/node";
import { redirectWithFlash } from "#app/http/flash.server.ts";
import { forgetSignInCookie, readSignInCookie } from "#app/http/sign-in-cookies.server.ts";
import { endSession } from "#app/infra/session-store.server.ts";
import { paths } from "#app/paths.ts";

/** A link or a picture must not sign anybody out. */
export function loader() {
  return new Response("Signing out takes the button.\n", { status: 405, headers: { Allow: "POST" } });
}

/** Ends the session named by the field `as`: `staff`, or the customer's. Safe to repeat. */
export async function action({ request }: ActionFunctionArgs) {
  const form = await request.formData().catch(() => new FormData());
  const kind = form.get("as") === "staff" ? "staff" : "customer";
  const token = readSignInCookie(request, kind);
  if (token) await endSession(kind, token);
  const target = kind === "staff" ? paths.signIn({ as: "staff" }) : paths.home();
  const response = await redirectWithFlash(target, "You are signed out.");
  response.headers.append("Set-Cookie", forgetSignInCookie(kind));
  return response;
}
