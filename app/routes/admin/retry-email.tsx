import { Form, useNavigation } from "@remix-run/react";
import type { FormState } from "#app/http/form-state.ts";
import { Button } from "#app/ui/button.tsx";
import { Card } from "#app/ui/card.tsx";
import { ErrorSummary, HiddenField, TextField } from "#app/ui/field.tsx";
import { SubmissionToken } from "#app/ui/submission-token.tsx";

type RetryEmailProps = {
  submission: string;
  sent: boolean;
  recipient: string;
  obstacle: string | null;
  state: FormState | undefined;
};

/** Sends the mail now, or to another address; says why when that is not possible. */
export function RetryEmail({ submission, sent, recipient, obstacle, state }: RetryEmailProps) {
  const pending = useNavigation().formData?.get("intent");
  if (obstacle !== null)
    return (
      <Card title="Send again">
        <p>{obstacle}</p>
      </Card>
    );
  return (
    <Card title="Send again">
      <div className="grid gap-6">
        <ErrorSummary state={state} />
        <Form method="post" className="grid justify-items-start gap-2">
          <HiddenField name="intent" value="retry" />
          <SubmissionToken token={submission} />
          <p className="text-sm text-ink-muted">
            {sent ? "A new email to " : "To "}
            {recipient}
          </p>
          <Button variant="secondary" pending={pending === "retry"}>
            {sent ? "Send again" : "Send now"}
          </Button>
        </Form>
        <Form method="post" noValidate className="grid gap-4 border-t border-line pt-5">
          <HiddenField name="intent" value="redirect" />
          <SubmissionToken token={submission} />
          <TextField
            label="Another address"
            name="recipient"
            type="email"
            required
            maxLength={254}
            autoComplete="off"
            hint="The customer's own address stays as it is."
            defaultValue={state?.values.recipient}
            error={state?.errors.recipient}
          />
          <TextField
            label="Reason"
            name="reason"
            required
            maxLength={500}
            hint="Kept in the audit log."
            defaultValue={state?.values.reason}
            error={state?.errors.reason}
          />
          <div>
            <Button variant="secondary" pending={pending === "redirect"}>
              Send to this address
            </Button>
          </div>
        </Form>
      </div>
    </Card>
  );
}
