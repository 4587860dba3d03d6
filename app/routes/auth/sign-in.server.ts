// What happens when one of the sign-in page's forms is sent. The page itself is sign-in.tsx.
import { json, redirect } from "@remix-run/node";
import { z } from "zod";
import { emailAddress } from "#app/domain/account/email-address.server.ts";
import { getSignInFlow, requestCode, submitCode } from "#app/domain/account/sign-in.server.ts";
import { resendAfterSeconds, signInCodeTtlSeconds, signInRefusalWords } from "#app/domain/account/sign-in.ts";
import { signInStaff } from "#app/domain/account/staff.server.ts";
import { redirectWithFlash } from "#app/http/flash.server.ts";
import type { FormState } from "#app/http/form-state.ts";
import { invalidForm, parseForm } from "#app/http/forms.server.ts";
import { knownDevice, rememberDevice } from "#app/http/known-device.server.ts";
import { waitWords } from "#app/http/rate-limit.server.ts";
import type { RequestContext } from "#app/http/request-context.server.ts";
import { safeRedirectPath } from "#app/http/respond.server.ts";
import { forgetSignInCookie, readSignInCookie, signInCookie } from "#app/http/sign-in-cookies.server.ts";
import {
  takeCodeTurn,
  takePasswordTurn,
  takeTryTurn,
  tooManyWords,
} from "#app/http/sign-in-limits.server.ts";
import { paths } from "#app/paths.ts";
import { codeStepPath } from "./code-step.ts";

export const EmailForm = z.object({ email: emailAddress });
export const CodeForm = z.object({
  code: z.string().min(1, "Enter the code from the email.").max(100, "A code is shorter than this."),
});
export const PasswordForm = z.object({
  email: emailAddress,
  password: z.string().min(1, "Enter your password.").max(1_000, "No password here is that long."),
});

/** Longer than the code lives, so that a late code is told "too old" and not "unknown". */
const flowCookieSeconds = 6 * signInCodeTtlSeconds;

type Posted = { request: Request; context: RequestContext; now: Date };
type Refused = ReturnType<typeof invalidForm>;

/** Asks for a code and sends the browser to the page that takes it. */
export async function postEmail(posted: Posted): Promise<Response | Refused> {
  const { request } = posted;
  const form = await parseForm(request, EmailForm);
  if (!form.ok) return invalidForm(form.state);
  const { email } = form.value;
  const redirectTo = redirectTarget(request, paths.portal.licenses());
  return sendCode(posted, { email, redirectTo }, () => redirect(codeStepPath, 303));
}

/** Sends another code to the address this browser asked one for. */
export async function postResend(posted: Posted): Promise<Response | Refused> {
  const { request, now } = posted;
  const flow = await getSignInFlow(readSignInCookie(request, "flow"), now);
  if (!flow) return refused(signInRefusalWords({ outcome: "no-flow" }));
  const waitSeconds = resendAfterSeconds - (now.getTime() - flow.createdAt.getTime()) / 1000;
  if (waitSeconds > 0) {
    const words = `The last email is only just on its way. Please wait ${waitWords(waitSeconds)} before you ask for another one.`;
    return tooMany(words, Math.ceil(waitSeconds));
  }
  return sendCode(posted, flow, () =>
    redirectWithFlash(codeStepPath, "Another code is on its way. Only the newest one works."),
  );
}

async function sendCode(
  { request, context, now }: Posted,
  { email, redirectTo }: { email: string; redirectTo: string },
  answer: () => Response | Promise<Response>,
): Promise<Response | Refused> {
  const device = knownDevice(request, email);
  const turn = await takeCodeTurn({ email, clientAddress: context.clientAddress, device });
  if (!turn.allowed) {
    const words = tooManyWords("Too many codes were asked for.", turn);
    return tooMany(words, turn.retryAfterSeconds, { email });
  }
  const existingFlowToken = readSignInCookie(request, "flow");
  const { flowToken } = await requestCode({ email, redirectTo, existingFlowToken, now });
  return withCookies(await answer(), [signInCookie("flow", flowToken, flowCookieSeconds)]);
}

/** Signs in with the code, when this is the browser that asked for it. */
export async function postCode({ request, context, now }: Posted): Promise<Response | Refused> {
  const form = await parseForm(request, CodeForm);
  if (!form.ok) return invalidForm(form.state);
  const flowToken = readSignInCookie(request, "flow");
  const flow = await getSignInFlow(flowToken, now);
  const device = flow && knownDevice(request, flow.email);
  const turn = await takeTryTurn({ clientAddress: context.clientAddress, device });
  if (!turn.allowed) return tooMany(tooManyWords("Too many codes were tried.", turn), turn.retryAfterSeconds);
  const result = await submitCode({
    flowToken,
    code: form.value.code,
    previousToken: readSignInCookie(request, "customer"),
    userAgent: request.headers.get("user-agent"),
    requestId: context.requestId,
    now,
  });
  const mayTryAgain = result.outcome === "malformed" || (result.outcome === "wrong" && result.triesLeft > 0);
  if (mayTryAgain) return invalidForm({ errors: { code: signInRefusalWords(result) }, values: {} });
  if (result.outcome !== "signed-in") return refused(signInRefusalWords(result));
  const { session } = result;
  return withCookies(redirect(safeRedirectPath(result.redirectTo, paths.portal.licenses()), 303), [
    signInCookie("customer", session.token, session.maxAgeSeconds),
    rememberDevice(request, result.email),
    forgetSignInCookie("flow"),
  ]);
}

/** Signs staff in with address and password. */
export async function postPassword({ request, context, now }: Posted): Promise<Response | Refused> {
  const form = await parseForm(request, PasswordForm);
  if (!form.ok) return invalidForm(form.state);
  const { email, password } = form.value;
  const device = knownDevice(request, email);
  const turn = await takePasswordTurn({ email, clientAddress: context.clientAddress, device });
  if (!turn.allowed) {
    const words = tooManyWords("The password was wrong too often.", turn);
    return tooMany(words, turn.retryAfterSeconds, { email });
  }
  const signedIn = await signInStaff({
    email,
    password,
    previousToken: readSignInCookie(request, "staff"),
    userAgent: request.headers.get("user-agent"),
    requestId: context.requestId,
    now,
  });
  if (!signedIn) return refused("The email address or the password is wrong. Check both.", { email });
  await turn.forgive();
  return withCookies(redirect(redirectTarget(request, paths.admin.overview()), 303), [
    signInCookie("staff", signedIn.session.token, signedIn.session.maxAgeSeconds),
    rememberDevice(request, email),
  ]);
}

/** Where the address of the sign-in page says to go afterwards, when that is a page of ours. */
function redirectTarget(request: Request, fallback: string): string {
  return safeRedirectPath(new URL(request.url).searchParams.get("redirectTo"), fallback);
}

function refused(formError: string, values: Record<string, string> = {}): Refused {
  return invalidForm({ errors: {}, formError, values });
}

function tooMany(formError: string, retryAfterSeconds: number, values: Record<string, string> = {}): Refused {
  const form: FormState = { errors: {}, formError, values };
  return json({ form }, { status: 429, headers: { "Retry-After": String(retryAfterSeconds) } });
}

function withCookies(response: Response, cookies: string[]): Response {
  for (const cookie of cookies) response.headers.append("Set-Cookie", cookie);
  return response;
}
