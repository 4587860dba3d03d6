import { Form, useNavigation } from "@remix-run/react";
import type { ReactNode } from "react";
import { paths } from "#app/paths.ts";
import type { ShownLicense } from "#app/routes/admin/shown-license.ts";
import { Button, ButtonLink } from "#app/ui/button.tsx";
import { CheckboxField, HiddenField, TextArea, TextField } from "#app/ui/field.tsx";
import { SubmissionToken } from "#app/ui/submission-token.tsx";

export type ChangeFormProps = {
  license: ShownLicense;
  submission: string;
  /** What was typed before, and what was wrong with it, by field. */
  values: Record<string, string>;
  errors: Record<string, string>;
};

type ActFormProps = ChangeFormProps & {
  intent: string;
  label: string;
  danger?: boolean;
  children: ReactNode;
};

/** One act: its fields, then the button that repeats the verb, then the way out. */
export function ActForm({ license, submission, intent, label, danger = false, children }: ActFormProps) {
  const navigation = useNavigation();
  return (
    <Form method="post" className="grid gap-5" preventScrollReset>
      <HiddenField name="intent" value={intent} />
      {/* The version this page shows: after a conflict the page is fresh, and so is the number. */}
      <HiddenField name="version" value={license.version} />
      <SubmissionToken token={submission} />
      {children}
      <div className="flex flex-wrap gap-2">
        <Button
          variant={danger ? "danger" : "primary"}
          pending={navigation.formData?.get("intent") === intent}
        >
          {label}
        </Button>
        <ButtonLink to={paths.admin.license(license.id)} variant="quiet" preventScrollReset>
          Cancel
        </ButtonLink>
      </div>
    </Form>
  );
}

type Typed = Pick<ChangeFormProps, "license" | "values" | "errors">;

export function ReasonField({
  values,
  errors,
  required = true,
}: Omit<Typed, "license"> & { required?: boolean }) {
  return (
    <TextArea
      label="Reason"
      name="reason"
      hint="Kept in the audit log. The customer does not see it."
      error={errors.reason}
      defaultValue={values.reason}
      required={required}
      maxLength={500}
      rows={2}
    />
  );
}

/** Reason, and what the customer is told. `told` is ticked until the person unticks it. */
export function ReasonAndNotice({ license, values, errors, told = true }: Typed & { told?: boolean }) {
  const ticked = values.intent === undefined ? told : values.notify === "on";
  // Without an owner there is nobody to tell.
  if (!license.customer) return <ReasonField values={values} errors={errors} />;
  return (
    <>
      <ReasonField values={values} errors={errors} />
      <CheckboxField
        label={`Tell ${license.customer.email} by email`}
        name="notify"
        value="on"
        defaultChecked={ticked}
      />
      <TextArea
        label="Message to the customer (optional)"
        name="note"
        hint="Goes into the email as you write it."
        error={errors.note}
        defaultValue={values.note}
        maxLength={1000}
        rows={2}
      />
    </>
  );
}

export function SuspendForm(props: ChangeFormProps) {
  return (
    <ActForm {...props} intent="suspend" label="Suspend license">
      <p>
        The license stops working until somebody on staff reinstates it. A payment does not lift the
        suspension.
      </p>
      <ReasonAndNotice {...props} />
    </ActForm>
  );
}

export function ReinstateForm(props: ChangeFormProps) {
  const others = props.license.holds.filter((hold) => !hold.byStaff).map((hold) => hold.words);
  return (
    <ActForm {...props} intent="reinstate" label="Reinstate license">
      <p>
        {others.length === 0
          ? "The suspension is lifted, and the license works again unless it has ended."
          : `The suspension is lifted, but the license stays on hold because of ${others.join(" and ")}.`}
      </p>
      <ReasonAndNotice {...props} told={others.length === 0} />
    </ActForm>
  );
}

export function RevokeForm(props: ChangeFormProps) {
  const { license, values, errors } = props;
  return (
    <ActForm {...props} intent="revoke" label="Revoke license" danger>
      <p>
        <strong>This is final.</strong> The license stops working for good and can be neither reinstated nor
        extended. To stop it for a while, suspend it instead.
      </p>
      <ReasonAndNotice {...props} />
      <TextField
        label={`Type ${license.keyLastGroup}, the last group of the key, to confirm`}
        name="confirmation"
        error={errors.confirmation}
        defaultValue={values.confirmation}
        required
        autoComplete="off"
        spellCheck={false}
        translate="no"
      />
    </ActForm>
  );
}

export function ChangeLimitForm(props: ChangeFormProps) {
  const { license, values, errors } = props;
  return (
    <ActForm {...props} intent="change-limit" label="Change device limit">
      <p>
        {license.devicesUsed === 1 ? "1 device is" : `${license.devicesUsed} devices are`} in use. They stay
        so, also above a lower limit.
      </p>
      <TextField
        label="Devices"
        name="deviceLimit"
        hint="Leave it empty for any number."
        error={errors.deviceLimit}
        defaultValue={values.deviceLimit ?? license.deviceLimit ?? ""}
        inputMode="numeric"
        autoComplete="off"
        maxLength={7}
      />
      <ReasonField values={values} errors={errors} />
    </ActForm>
  );
}

/** For a license that a program made for nobody. */
export function AssignForm(props: ChangeFormProps) {
  const { values, errors } = props;
  return (
    <ActForm {...props} intent="assign" label="Assign license">
      <p>
        The customer finds the license in the portal and gets the emails about it from then on. No email is
        sent now.
      </p>
      <TextField
        label="Address of the customer"
        name="email"
        type="email"
        error={errors.email}
        defaultValue={values.email}
        required
        autoComplete="off"
        maxLength={254}
      />
      <TextField
        label="Name (optional)"
        name="name"
        hint="Kept only when no name is known for this address."
        error={errors.name}
        defaultValue={values.name}
        autoComplete="off"
        maxLength={200}
      />
      <ReasonField values={values} errors={errors} />
    </ActForm>
  );
}

export function ResendForm(props: ChangeFormProps) {
  const { values, errors } = props;
  const owner = props.license.customer;
  return (
    <ActForm {...props} intent="resend" label="Send key again">
      <TextField
        label="Address"
        name="recipient"
        type="email"
        hint={
          owner
            ? `${owner.email} stays the owner. Sending to another address needs a reason.`
            : "This license has no owner and stays without one. Sending its key needs a reason."
        }
        error={errors.recipient}
        defaultValue={values.recipient ?? owner?.email}
        required={!owner}
        autoComplete="off"
        maxLength={254}
      />
      <ReasonField values={values} errors={errors} required={!owner} />
    </ActForm>
  );
}
