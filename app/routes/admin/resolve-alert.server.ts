import type { ActionFunctionArgs } from "@remix-run/node";
import { resolveAlert } from "#app/domain/alert/alert.server.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import { redirectWithFlash } from "#app/http/flash.server.ts";
import { formErrorResponse, invalidForm, parseForm } from "#app/http/forms.server.ts";
import type { SignedInStaff } from "#app/http/guards.server.ts";
import { ResolveAlertForm } from "#app/routes/admin/operation-forms.server.ts";

/** Carries out the form of an `AlertItem` and leads to the page `backTo` the form was on. */
export async function resolveFromForm(
  { request, context }: Pick<ActionFunctionArgs, "request" | "context">,
  staff: SignedInStaff,
  backTo: string,
) {
  const parsed = await parseForm(request, ResolveAlertForm);
  if (!parsed.ok) return invalidForm(parsed.state);
  const { alertId, submission } = parsed.value;
  try {
    const { message } = await resolveAlert({
      alertId,
      submission,
      actor: staff.actor,
      now: currentTime(),
      requestId: context.requestId,
    });
    return await redirectWithFlash(backTo, message);
  } catch (error) {
    return formErrorResponse(error, parsed.form);
  }
}
