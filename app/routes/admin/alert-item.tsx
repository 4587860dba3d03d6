import { Form, useNavigation } from "@remix-run/react";
import { paths } from "#app/paths.ts";
import { Button } from "#app/ui/button.tsx";
import { HiddenField } from "#app/ui/field.tsx";
import { SubmissionToken } from "#app/ui/submission-token.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { Time } from "#app/ui/time.tsx";

export type ShownAlert = {
  id: string;
  kind: string;
  message: string;
  orderId: string | null;
  sourceId: string | null;
  createdAt: string;
  /** The token of its form. */
  submission: string;
};

type AlertItemProps = { alert: ShownAlert; mayResolve: boolean };

/** One alert with the ways to its cause and, for those who may, the button that takes it off the list. */
export function AlertItem({ alert, mayResolve }: AlertItemProps) {
  const pending = useNavigation().formData?.get("alertId") === alert.id;
  return (
    <li className="flex flex-wrap items-start justify-between gap-3 rounded-lg border border-warn-line bg-warn-soft p-3">
      <div className="min-w-0 flex-1 basis-64 text-[0.9375rem] wrap-anywhere">
        <p>{alert.message}</p>
        <p className="flex flex-wrap gap-x-3 text-sm leading-6 text-ink-muted">
          <Time at={alert.createdAt} />
          {alert.orderId && (
            <TextLink to={paths.admin.order(alert.orderId)} className="min-h-6">
              Order
            </TextLink>
          )}
          {alert.sourceId && (
            <TextLink to={paths.admin.webhookInbox({ q: alert.sourceId })} className="min-h-6">
              Events of {alert.sourceId}
            </TextLink>
          )}
        </p>
      </div>
      {mayResolve && (
        <Form method="post">
          <HiddenField name="intent" value="resolve" />
          <HiddenField name="alertId" value={alert.id} />
          <SubmissionToken token={alert.submission} />
          <Button variant="secondary" size="small" pending={pending}>
            Resolve
            <span className="sr-only"> {alert.message}</span>
          </Button>
        </Form>
      )}
    </li>
  );
}
