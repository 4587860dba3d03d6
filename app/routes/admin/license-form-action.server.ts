import { json } from "@remix-run/node";
import type { Permission } from "#app/domain/account/roles.ts";
import { releaseDevice } from "#app/domain/activation/release-device.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { extensionFrom } from "#app/domain/license/extend-license.ts";
import {
  assignLicense,
  extendLicense,
  reinstateLicense,
  resendLicense,
  revokeLicense,
  suspendLicense,
} from "#app/domain/license/license.server.ts";
import { isLicenseAction, permissionFor } from "#app/domain/license/license-actions.ts";
import type { LicenseAct } from "#app/domain/license/license-acts.ts";
import { limitDevices } from "#app/domain/license/limit-devices.server.ts";
import { formErrorResponse } from "#app/http/forms.server.ts";
import type { SignedInStaff } from "#app/http/guards.server.ts";
import type { LicenseFormValue } from "#app/routes/admin/license-forms.server.ts";

/** What a posted form asks for. One that names no act is refused to whoever may not do the gravest. */
export function permissionOf(intent: string | undefined): Permission {
  if (intent === "reveal-key" || intent === "release-device") return `license.${intent}`;
  return permissionFor(intent !== undefined && isLicenseAction(intent) ? intent : "revoke");
}

type Change = Exclude<LicenseFormValue, { intent: "reveal-key" }>;

/** Carries out one act of staff; the message says what happened. */
export function act(
  value: Change,
  by: { licenseId: string; staff: SignedInStaff; requestId: string; now: Date },
): Promise<{ message: string }> {
  const { licenseId, requestId, now } = by;
  const common = { licenseId, requestId, now, actor: by.staff.actor, submission: value.submission };
  if (value.intent === "resend")
    return resendLicense({ ...common, recipient: value.recipient, reason: value.reason ?? "" });
  if (value.intent === "release-device") return release(value, common);
  if (value.intent === "change-limit") {
    const { version, reason, deviceLimit } = value;
    return limitDevices({ ...common, version, reason, deviceLimit });
  }
  if (value.intent === "assign") {
    const { version, reason, email, name } = value;
    return assignLicense({ ...common, version, reason, email, name });
  }
  const { version, reason, note } = value;
  const change = { ...common, version, reason, note, notifyCustomer: value.notify === "on" };
  switch (value.intent) {
    case "extend":
      return extendLicense({ ...change, extension: extensionFrom(value) });
    case "suspend":
      return suspendLicense(change);
    case "reinstate":
      return reinstateLicense(change);
    case "revoke":
      return revokeLicense({ ...change, confirmation: value.confirmation });
  }
}

/** As often as staff like: the policy is for what owners do themselves. */
async function release(
  { activationId, reason }: Extract<Change, { intent: "release-device" }>,
  by: { licenseId: string; requestId: string; now: Date; actor: SignedInStaff["actor"] },
): Promise<{ message: string }> {
  const { released } = await releaseDevice({ ...by, device: { activationId }, reason });
  return {
    message: released ? "Device released. Its seat is free." : "This device is released already, or unknown.",
  };
}

/** A conflict also tells what others did since; what was typed is kept either way. */
export async function refusal(error: unknown, form: FormData) {
  const answer = formErrorResponse(error, form);
  if (!(error instanceof DomainError) || error.code !== "CONFLICT") return answer;
  const changes = error.context.changes as LicenseAct[]; // `changeLicense` documents it for CONFLICT
  return json({ ...(await answer.json()), changes }, { status: answer.status });
}
