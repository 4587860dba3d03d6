import { Form, useNavigation } from "@remix-run/react";
import type { FormState } from "#app/http/form-state.ts";
import { paths } from "#app/paths.ts";
import { type ShownSource, SourceFacts } from "#app/routes/admin/source-facts.tsx";
import { Button } from "#app/ui/button.tsx";
import { Card } from "#app/ui/card.tsx";
import { ErrorSummary, HiddenField } from "#app/ui/field.tsx";
import { SubmissionToken } from "#app/ui/submission-token.tsx";
import { TextLink } from "#app/ui/text-link.tsx";

type OrderSourcesProps = {
  sources: readonly (ShownSource & { submission: string })[];
  mayResync: boolean;
  state: FormState | undefined;
};

/** How far this order is in step with Stripe, and a way to ask Stripe again. */
export function OrderSources({ sources, mayResync, state }: OrderSourcesProps) {
  const pending = useNavigation().formData?.get("sourceId");
  if (sources.length === 0) return null;
  return (
    <Card title="At Stripe">
      <div className="grid gap-6">
        <ErrorSummary state={state} />
        {sources.map((source) => (
          <div key={source.id} className="grid gap-4">
            <SourceFacts source={source} />
            <p>
              <TextLink to={paths.admin.webhookInbox({ q: source.id })}>Events of this purchase</TextLink>
            </p>
            {mayResync && (
              <Form method="post" className="grid justify-items-start gap-2">
                <HiddenField name="intent" value="resync" />
                <HiddenField name="sourceId" value={source.id} />
                <SubmissionToken token={source.submission} />
                <Button variant="secondary" pending={pending === source.id}>
                  Sync with Stripe again
                </Button>
                <p className="text-sm text-ink-muted">Changes nothing when all is in sync.</p>
              </Form>
            )}
          </div>
        ))}
      </div>
    </Card>
  );
}
