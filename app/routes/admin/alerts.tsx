import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { listAlerts } from "#app/domain/alert/alert.queries.server.ts";
import { alertKinds, alertWords } from "#app/domain/alert/alert-words.ts";
import { parseQuery } from "#app/http/forms.server.ts";
import { requireStaff } from "#app/http/guards.server.ts";
import { paths } from "#app/paths.ts";
import { AlertItem } from "#app/routes/admin/alert-item.tsx";
import { AlertListQuery } from "#app/routes/admin/list-queries.server.ts";
import { resolveFromForm } from "#app/routes/admin/resolve-alert.server.ts";
import { ButtonLink } from "#app/ui/button.tsx";
import { EmptyState } from "#app/ui/empty-state.tsx";
import { ErrorSummary, SelectField } from "#app/ui/field.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { Pager } from "#app/ui/pager.tsx";
import { FilterBar } from "#app/ui/search-form.tsx";

export const meta: MetaFunction = () => [{ title: "Alerts · Latchkey" }];

export async function loader({ request }: LoaderFunctionArgs) {
  const staff = await requireStaff(request, "order.read");
  const query = parseQuery(request, AlertListQuery);
  const { state, kind } = query;
  const page = await listAlerts(query);
  return {
    filter: { state, kind },
    // A token for each, so that resolving one does not use up the others'.
    alerts: page.rows.map((alert) => ({ ...alert, submission: crypto.randomUUID() })),
    previous: page.previous && paths.admin.alerts({ state, kind, before: page.previous }),
    next: page.next && paths.admin.alerts({ state, kind, after: page.next }),
    mayResolve: staff.may("alert.resolve"),
  };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const staff = await requireStaff(request, "alert.resolve");
  const { state, kind } = parseQuery(request, AlertListQuery);
  return resolveFromForm({ request, context }, staff, paths.admin.alerts({ state, kind }));
}

const stateOptions = [
  { value: "open", label: "Open" },
  { value: "resolved", label: "Resolved" },
];
const kindOptions = [
  { value: "", label: "Any" },
  ...alertKinds.map((value) => ({ value, label: alertWords(value).label })),
];

export default function Alerts() {
  const { alerts, filter, previous, next, mayResolve } = useLoaderData<typeof loader>();
  const failed = useActionData<typeof action>();
  const filtered = Boolean(filter.kind || filter.state === "resolved");
  return (
    <>
      <PageHeader title="Alerts" lead="What a person has to look at, and what to do about it." />
      <ErrorSummary state={failed?.form} />
      <FilterBar
        label="Filter alerts"
        clearTo={filtered ? paths.admin.alerts() : undefined}
        key={JSON.stringify(filter)}
      >
        <SelectField label="About" name="kind" defaultValue={filter.kind ?? ""} options={kindOptions} />
        <SelectField
          label="State"
          name="state"
          defaultValue={filter.state ?? "open"}
          options={stateOptions}
        />
      </FilterBar>
      {alerts.length === 0 ? (
        <NoAlerts filtered={filtered} />
      ) : (
        <ul aria-label="Alerts, the newest first" className="grid gap-3">
          {alerts.map((alert) => (
            <AlertItem key={alert.id} alert={alert} mayResolve={mayResolve} />
          ))}
        </ul>
      )}
      <Pager previous={previous ?? undefined} next={next ?? undefined} label="Pages of alerts" />
    </>
  );
}

function NoAlerts({ filtered }: { filtered: boolean }) {
  if (!filtered)
    return (
      <EmptyState title="No open alerts">Sales, emails and events are all where they should be.</EmptyState>
    );
  return (
    <EmptyState
      title="No alert matches"
      action={
        <ButtonLink to={paths.admin.alerts()} variant="secondary">
          Show open alerts
        </ButtonLink>
      }
    >
      Try another kind, or look among the open ones.
    </EmptyState>
  );
}
