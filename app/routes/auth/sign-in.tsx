import {
  type ActionFunctionArgs,
  json,
  type LoaderFunctionArgs,
  type MetaFunction,
  redirect,
} from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { getSignInFlow } from "#app/domain/account/sign-in.server.ts";
import {
  formatSignInCode,
  maskEmail,
  normalizeSignInCode,
  signInRefusalWords,
} from "#app/domain/account/sign-in.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import { getCustomer, getStaff } from "#app/http/guards.server.ts";
import { safeRedirectPath } from "#app/http/respond.server.ts";
import { readSignInCookie } from "#app/http/sign-in-cookies.server.ts";
import { paths } from "#app/paths.ts";
import { postCode, postEmail, postPassword, postResend } from "./sign-in.server.ts";
import { AddressStep, CodeStep, StaffSignIn } from "./sign-in-forms.tsx";

export { headers } from "#app/http/retry-after.ts";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data?.step === "staff" ? "Staff sign-in" : "Sign in"} · Latchkey` },
];

/**
 * Changes nothing, whatever the address holds: a link from a mail only fills the code in, and only in the
 * browser that asked for it.
 */
export async function loader({ request }: LoaderFunctionArgs) {
  const query = new URL(request.url).searchParams;
  const redirectTo = safeRedirectPath(query.get("redirectTo"), "") || undefined;
  if (query.get("as") === "staff") {
    if (await getStaff(request)) throw redirect(redirectTo ?? paths.admin.overview(), 303);
    return json({ step: "staff" as const, redirectTo });
  }
  if (await getCustomer(request)) throw redirect(redirectTo ?? paths.portal.licenses(), 303);
  const linkedCode = query.get("code");
  if (query.get("step") !== "code" && linkedCode === null)
    return json({ step: "address" as const, redirectTo, notice: null });
  const flow = await getSignInFlow(readSignInCookie(request, "flow"), currentTime());
  if (!flow) {
    const notice = signInRefusalWords({ outcome: "no-flow" });
    return json({ step: "address" as const, redirectTo, notice });
  }
  const code = linkedCode === null ? null : normalizeSignInCode(linkedCode);
  return json({
    step: "code" as const,
    sentTo: maskEmail(flow.email),
    code: code && formatSignInCode(code),
    closed: flow.closed && signInRefusalWords(flow.closed),
  });
}

/** One address takes every step; which one is told by the field that only that step has. */
export async function action({ request, context }: ActionFunctionArgs) {
  const posted = { request, context, now: currentTime() };
  const fields = await request
    .clone()
    .formData()
    .catch(() => new FormData());
  if (fields.has("password")) return postPassword(posted);
  if (fields.has("code")) return postCode(posted);
  if (fields.has("resend")) return postResend(posted);
  return postEmail(posted);
}

export default function SignInPage() {
  const view = useLoaderData<typeof loader>();
  const form = useActionData<typeof action>()?.form;
  return (
    <div className="mx-auto max-w-md">
      {view.step === "staff" && <StaffSignIn redirectTo={view.redirectTo} form={form} />}
      {view.step === "address" && (
        <AddressStep redirectTo={view.redirectTo} notice={view.notice} form={form} />
      )}
      {view.step === "code" && (
        <CodeStep sentTo={view.sentTo} code={view.code} closed={view.closed} form={form} />
      )}
    </div>
  );
}
