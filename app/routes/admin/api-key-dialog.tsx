import { Form, useNavigation } from "@remix-run/react";
import type { ReactNode } from "react";
import {
  apiKeyNameMaxLength,
  maskedApiKey,
  overlapDefaultHours,
  overlapMaxHours,
} from "#app/domain/api-key/api-key.ts";
import { scopeMeaning, scopes } from "#app/domain/api-key/scopes.ts";
import type { FormState } from "#app/http/form-state.ts";
import { paths } from "#app/paths.ts";
import type { ShownApiKey } from "#app/routes/admin/api-keys-table.tsx";
import { Button, ButtonLink } from "#app/ui/button.tsx";
import { Dialog } from "#app/ui/dialog.tsx";
import { CheckboxField, ErrorSummary, HiddenField, TextField } from "#app/ui/field.tsx";
import { SubmissionToken } from "#app/ui/submission-token.tsx";

type ApiKeyDialogProps = {
  action: "create" | "rotate" | "revoke";
  /** The key it is about; null for a new one. */
  about: ShownApiKey | null;
  submission: string;
  /** What was wrong with the last try, and what was typed. */
  state: FormState | undefined;
};

/** Creates, rotates or revokes; which dialog is open is in the address. */
export function ApiKeyDialog({ action, about, submission, state }: ApiKeyDialogProps) {
  const title =
    action === "create" || !about
      ? "Create an API key"
      : `${action === "rotate" ? "Rotate" : "Revoke"} the API key ${about.name}?`;
  const form = { submission, values: state?.values ?? {}, errors: state?.errors ?? {} };
  return (
    <Dialog title={title} closeTo={paths.admin.apiKeys()}>
      <div className="grid gap-5">
        <ErrorSummary state={state} />
        {action === "create" || !about ? (
          <CreateForm {...form} />
        ) : action === "rotate" ? (
          <RotateForm {...form} about={about} />
        ) : (
          <RevokeForm about={about} />
        )}
      </div>
    </Dialog>
  );
}

function ActForm(props: { intent: string; label: string; danger?: boolean; children: ReactNode }) {
  const { intent, label, danger = false, children } = props;
  const navigation = useNavigation();
  return (
    <Form method="post" className="grid gap-5" preventScrollReset>
      <HiddenField name="intent" value={intent} />
      {children}
      <div className="flex flex-wrap gap-2">
        <Button
          variant={danger ? "danger" : "primary"}
          pending={navigation.formData?.get("intent") === intent}
        >
          {label}
        </Button>
        <ButtonLink to={paths.admin.apiKeys()} variant="quiet" preventScrollReset>
          Cancel
        </ButtonLink>
      </div>
    </Form>
  );
}

type Typed = { submission: string; values: Record<string, string>; errors: Record<string, string> };

function CreateForm({ submission, values, errors }: Typed) {
  return (
    <ActForm intent="create" label="Create API key">
      <SubmissionToken token={submission} />
      <TextField
        label="Name"
        name="name"
        hint="The program that uses it. Its acts stand in the audit log under this name."
        required
        maxLength={apiKeyNameMaxLength}
        autoComplete="off"
        defaultValue={values.name}
        error={errors.name}
      />
      <fieldset id="scopes" aria-describedby={errors.scopes && "scopes-error"} className="grid min-w-0 gap-3">
        <legend className="mb-1.5 text-sm font-medium">What it may do</legend>
        {scopes.map((scope) => (
          <CheckboxField
            key={scope}
            label={scopeMeaning(scope)}
            name={scope}
            value="on"
            hint={<code translate="no">{scope}</code>}
            defaultChecked={values[scope] === "on"}
          />
        ))}
        {errors.scopes && (
          <p id="scopes-error" className="text-sm font-medium text-bad">
            <span className="sr-only">Error: </span>
            {errors.scopes}
          </p>
        )}
      </fieldset>
      <TextField
        label="Last day (optional)"
        name="expiresAt"
        type="date"
        hint="The key works to the end of this day in UTC. Leave it empty for one that works until it is revoked."
        defaultValue={values.expiresAt}
        error={errors.expiresAt}
      />
    </ActForm>
  );
}

function RotateForm({ about, submission, values, errors }: Typed & { about: ShownApiKey }) {
  return (
    <ActForm intent="rotate" label="Rotate API key">
      <HiddenField name="apiKeyId" value={about.id} />
      <SubmissionToken token={submission} />
      <p>
        A new key with the same name and scopes takes the place of <KeyName about={about} />. Both work until
        the overlap ends, then only the new one.
      </p>
      <TextField
        label="Overlap in hours"
        name="overlapHours"
        inputMode="numeric"
        required
        hint={`From 0, which ends the old key at once, to ${overlapMaxHours}.`}
        defaultValue={values.overlapHours ?? String(overlapDefaultHours)}
        error={errors.overlapHours}
      />
    </ActForm>
  );
}

function RevokeForm({ about }: { about: ShownApiKey }) {
  return (
    <ActForm intent="revoke" label="Revoke API key" danger>
      <HiddenField name="apiKeyId" value={about.id} />
      <p>
        <strong>This is final.</strong> Every request with <KeyName about={about} /> is refused from the next
        one on. To change a key without an interruption, rotate it instead.
      </p>
    </ActForm>
  );
}

function KeyName({ about }: { about: ShownApiKey }) {
  return (
    <code translate="no" className="whitespace-nowrap">
      {maskedApiKey(about.hint)}
    </code>
  );
}
