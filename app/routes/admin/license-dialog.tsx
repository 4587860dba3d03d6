import type { LicenseAction } from "#app/domain/license/license-actions.ts";
import type { LicenseAct } from "#app/domain/license/license-acts.ts";
import { shortMaskedKey } from "#app/domain/license/license-key.ts";
import type { FormState } from "#app/http/form-state.ts";
import { paths } from "#app/paths.ts";
import {
  AssignForm,
  ChangeLimitForm,
  ReinstateForm,
  ResendForm,
  RevokeForm,
  SuspendForm,
} from "#app/routes/admin/license-change-forms.tsx";
import { type Choice, ExtendForm } from "#app/routes/admin/license-extend-form.tsx";
import type { ShownLicense } from "#app/routes/admin/shown-license.ts";
import { Banner } from "#app/ui/banner.tsx";
import { Dialog } from "#app/ui/dialog.tsx";
import { ErrorSummary } from "#app/ui/field.tsx";
import { Time } from "#app/ui/time.tsx";

type LicenseDialogProps = {
  action: LicenseAction;
  license: ShownLicense;
  /** What the extend dialog shows a preview for. */
  choice: Choice;
  /** When the page was made, as ISO text. */
  now: string;
  submission: string;
  /** What was wrong with the last try, and what was typed. */
  state: FormState | undefined;
  /** What others did since the page was opened, after a conflict. */
  changes: readonly LicenseAct[] | undefined;
};

/** What the links to the dialogs say. */
export const actionLabels: Record<LicenseAction, string> = {
  extend: "Extend",
  "change-limit": "Change device limit",
  suspend: "Suspend",
  reinstate: "Reinstate",
  assign: "Assign to customer",
  resend: "Send key again",
  revoke: "Revoke",
};

/** Names the act and the license it is about. */
function titleOf(action: LicenseAction, license: ShownLicense): string {
  const name = `license ${shortMaskedKey(license.maskedKey)}`;
  if (action === "resend") return `Send the key of ${name} again?`;
  if (action === "change-limit") return `Change the device limit of ${name}?`;
  if (action === "assign") return `Assign ${name} to a customer?`;
  return `${action.charAt(0).toUpperCase()}${action.slice(1)} ${name}?`;
}

const forms = {
  "change-limit": ChangeLimitForm,
  suspend: SuspendForm,
  reinstate: ReinstateForm,
  assign: AssignForm,
  resend: ResendForm,
  revoke: RevokeForm,
};

/** The dialog of one act on a license; which one is open is in the address. */
export function LicenseDialog({ action, state, changes, choice, now, ...page }: LicenseDialogProps) {
  const { license } = page;
  const common = { ...page, values: state?.values ?? {}, errors: state?.errors ?? {} };
  const Form = action === "extend" ? null : forms[action];
  return (
    <Dialog title={titleOf(action, license)} closeTo={paths.admin.license(license.id)}>
      <div className="grid gap-5">
        <ErrorSummary state={state} />
        {changes && <Changes changes={changes} />}
        {Form ? <Form {...common} /> : <ExtendForm {...common} choice={choice} now={now} />}
      </div>
    </Dialog>
  );
}

/** What others did meanwhile, after a conflict. */
export function Changes({ changes }: { changes: readonly LicenseAct[] }) {
  return (
    <Banner tone="warning" title="What changed since you opened this page">
      {changes.length === 0 ? (
        "Reload the page to see the license as it is now."
      ) : (
        <ul className="grid gap-2">
          {changes.map((change) => (
            <li key={`${change.when} ${change.what}`}>
              {change.what} by {change.who}, <Time at={change.when} />
              {change.why && <span className="block text-ink-muted">{change.why}</span>}
            </li>
          ))}
        </ul>
      )}
    </Banner>
  );
}
