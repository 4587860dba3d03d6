import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { fetchMissedEvents } from "#app/domain/webhook-inbox/fetch-missed-events.server.ts";
import { getOldestUnprocessed, listEvents } from "#app/domain/webhook-inbox/webhook-inbox.queries.server.ts";
import { inboxStates } from "#app/domain/webhook-inbox/webhook-inbox.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import { redirectWithFlash } from "#app/http/flash.server.ts";
import { formErrorResponse, invalidForm, parseForm, parseQuery } from "#app/http/forms.server.ts";
import { requireStaff } from "#app/http/guards.server.ts";
import { paths } from "#app/paths.ts";
import { EventsTable } from "#app/routes/admin/events-table.tsx";
import { FetchMissed } from "#app/routes/admin/fetch-missed.tsx";
import { InboxLag } from "#app/routes/admin/inbox-lag.tsx";
import { inboxStateLabels } from "#app/routes/admin/inbox-state-badge.tsx";
import { InboxQuery } from "#app/routes/admin/list-queries.server.ts";
import { FetchMissedForm } from "#app/routes/admin/operation-forms.server.ts";
import { ButtonLink } from "#app/ui/button.tsx";
import { EmptyState } from "#app/ui/empty-state.tsx";
import { ErrorSummary, SelectField, TextField } from "#app/ui/field.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { Pager } from "#app/ui/pager.tsx";
import { FilterBar } from "#app/ui/search-form.tsx";

export const meta: MetaFunction = () => [{ title: "Webhooks · Latchkey" }];

export async function loader({ request }: LoaderFunctionArgs) {
  const staff = await requireStaff(request, "webhook.read");
  const query = parseQuery(request, InboxQuery);
  const { state, type, q } = query;
  const [page, oldest] = await Promise.all([listEvents(query), getOldestUnprocessed()]);
  return {
    filter: { state, type, q },
    events: page.rows,
    oldest,
    now: currentTime(),
    previous: page.previous && paths.admin.webhookInbox({ state, type, q, before: page.previous }),
    next: page.next && paths.admin.webhookInbox({ state, type, q, after: page.next }),
    mayFetch: staff.may("webhook.replay"),
    submission: crypto.randomUUID(),
  };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const staff = await requireStaff(request, "webhook.replay");
  const parsed = await parseForm(request, FetchMissedForm);
  if (!parsed.ok) return invalidForm(parsed.state);
  const { submission } = parsed.value;
  try {
    const { message } = await fetchMissedEvents({
      actor: staff.actor,
      submission,
      now: currentTime(),
      requestId: context.requestId,
    });
    return await redirectWithFlash(paths.admin.webhookInbox(), message);
  } catch (error) {
    return formErrorResponse(error, parsed.form);
  }
}

const stateOptions = [
  { value: "", label: "Any" },
  ...inboxStates.map((value) => ({ value, label: inboxStateLabels[value] })),
];

export default function WebhookInbox() {
  const { events, filter, oldest, now, previous, next, mayFetch, submission } =
    useLoaderData<typeof loader>();
  const failed = useActionData<typeof action>();
  const filtered = Boolean(filter.state || filter.type || filter.q);
  return (
    <>
      <PageHeader
        title="Webhooks"
        lead="Every event Stripe delivered, and what came of it."
        actions={mayFetch && <FetchMissed key={submission} submission={submission} />}
      />
      <ErrorSummary state={failed?.form} />
      <InboxLag oldest={oldest} now={now} />
      <FilterBar
        label="Filter events"
        clearTo={filtered ? paths.admin.webhookInbox() : undefined}
        key={JSON.stringify(filter)}
      >
        <TextField
          label="ID"
          name="q"
          type="search"
          defaultValue={filter.q}
          maxLength={200}
          placeholder="evt_…, cs_…, pi_…"
        />
        <TextField
          label="Type begins with"
          name="type"
          defaultValue={filter.type}
          maxLength={200}
          placeholder="checkout.session"
        />
        <SelectField label="Status" name="state" defaultValue={filter.state ?? ""} options={stateOptions} />
      </FilterBar>
      {events.length === 0 ? <NoEvents filtered={filtered} /> : <EventsTable events={events} />}
      <Pager previous={previous ?? undefined} next={next ?? undefined} label="Pages of events" />
    </>
  );
}

function NoEvents({ filtered }: { filtered: boolean }) {
  if (!filtered)
    return (
      <EmptyState title="No events yet">
        Point a webhook endpoint of your Stripe account to {paths.webhooks.stripe()} of this address. The
        first event then shows up here.
      </EmptyState>
    );
  return (
    <EmptyState
      title="No event matches"
      action={
        <ButtonLink to={paths.admin.webhookInbox()} variant="secondary">
          Show all events
        </ButtonLink>
      }
    >
      An ID has to be whole; a type may be just its beginning.
    </EmptyState>
  );
}
