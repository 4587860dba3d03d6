import { Form, useNavigation } from "@remix-run/react";
import { Button } from "#app/ui/button.tsx";
import { HiddenField } from "#app/ui/field.tsx";
import { SubmissionToken } from "#app/ui/submission-token.tsx";

/** Asks Stripe for events it could not deliver; the regular check would find them within the hour. */
export function FetchMissed({ submission }: { submission: string }) {
  const pending = useNavigation().formData?.get("intent") === "fetch-missed";
  return (
    <Form method="post">
      <HiddenField name="intent" value="fetch-missed" />
      <SubmissionToken token={submission} />
      <Button variant="secondary" pending={pending}>
        Fetch missed events
      </Button>
    </Form>
  );
}
