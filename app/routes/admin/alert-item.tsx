import { Form, useNavigation } from "@remix-run/react";
import { clsx } from "clsx";
import { alertWords } from "#app/domain/alert/alert-words.ts";
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
  resolvedAt: string | null;
  /** The token of its form. */
  submission: string;
};

type AlertItemProps = { alert: ShownAlert; mayResolve: boolean };

/** One alert: what it is about, what to do, the ways to its cause, and the button that takes it off the list. */
export function AlertItem({ alert, mayResolve }: AlertItemProps) {
  const pending = useNavigation().formData?.get("alertId") === alert.id;
  const { label, remedy } = alertWords(alert.kind);
  const open = alert.resolvedAt === null;
  return (
    <li
      className={clsx(
        "flex flex-wrap items-start justify-between gap-3 rounded-lg border p-3",
        open ? "border-warn-line bg-warn-soft" : "border-line bg-surface",
      )}
    >
      <div className="grid min-w-0 flex-1 basis-64 gap-1 text-[0.9375rem] wrap-anywhere">
        <p className="font-semibold">{label}</p>
        <p>{alert.message}</p>
        {open && <p className="text-sm leading-6">What to do: {remedy}</p>}
        <p className="flex flex-wrap gap-x-3 text-sm leading-6 text-ink-muted">
          <Time at={alert.createdAt} />
          {alert.resolvedAt && (
            <span>
              Resolved <Time at={alert.resolvedAt} />
            </span>
          )}
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
      {open && mayResolve && (
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
