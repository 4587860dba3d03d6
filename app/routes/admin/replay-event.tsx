import { Form, useNavigation } from "@remix-run/react";
import type { FormState } from "#app/http/form-state.ts";
import { Button } from "#app/ui/button.tsx";
import { Card } from "#app/ui/card.tsx";
import { ErrorSummary, HiddenField } from "#app/ui/field.tsx";
import { SubmissionToken } from "#app/ui/submission-token.tsx";

type ReplayEventProps = { submission: string; state: FormState | undefined };

export function ReplayEvent({ submission, state }: ReplayEventProps) {
  const pending = useNavigation().formData?.get("intent") === "replay";
  return (
    <Card title="Replay">
      <Form method="post" className="grid justify-items-start gap-4">
        <ErrorSummary state={state} />
        <p>
          Compares the purchase with Stripe again and corrects any difference. Replaying never issues a
          license twice, and changes nothing when all is in sync.
        </p>
        <HiddenField name="intent" value="replay" />
        <SubmissionToken token={submission} />
        <Button variant="secondary" pending={pending}>
          Replay this event
        </Button>
      </Form>
    </Card>
  );
}
