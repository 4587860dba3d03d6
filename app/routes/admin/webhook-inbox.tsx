import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { getOldestUnprocessed, listEvents } from "#app/domain/webhook-inbox/webhook-inbox.queries.server.ts";
import { inboxStates } from "#app/domain/webhook-inbox/webhook-inbox.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import { parseQuery } from "#app/http/forms.server.ts";
import { requireStaff } from "#app/http/guards.server.ts";
import { paths } from "#app/paths.ts";
import { EventType } from "#app/routes/admin/event-type.tsx";
import { InboxLag } from "#app/routes/admin/inbox-lag.tsx";
import { InboxStateBadge, inboxStateLabels } from "#app/routes/admin/inbox-state-badge.tsx";
import { InboxQuery } from "#app/routes/admin/list-queries.server.ts";
import { ButtonLink } from "#app/ui/button.tsx";
import { EmptyState } from "#app/ui/empty-state.tsx";
import { SelectField, TextField } from "#app/ui/field.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { Pager } from "#app/ui/pager.tsx";
import { FilterBar } from "#app/ui/search-form.tsx";
import { Cell, Row, Table } from "#app/ui/table.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { Time } from "#app/ui/time.tsx";

export const meta: MetaFunction = () => [{ title: "Webhooks · Latchkey" }];

export async function loader({ request }: LoaderFunctionArgs) {
  await requireStaff(request, "webhook.read");
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
  };
}

type Listed = ReturnType<typeof useLoaderData<typeof loader>>["events"][number];

const columns = [
  { label: "Event" },
  { label: "Status" },
  { label: "About" },
  { label: "Deliveries", align: "right" },
  { label: "Tries", align: "right" },
  { label: "Received" },
] as const;

const stateOptions = [
  { value: "", label: "Any" },
  ...inboxStates.map((value) => ({ value, label: inboxStateLabels[value] })),
];

export default function WebhookInbox() {
  const { events, filter, oldest, now, previous, next } = useLoaderData<typeof loader>();
  const filtered = Boolean(filter.state || filter.type || filter.q);
  return (
    <>
      <PageHeader title="Webhooks" lead="Every event Stripe delivered, and what came of it." />
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
      {events.length === 0 ? (
        <NoEvents filtered={filtered} />
      ) : (
        <Table caption="Events from Stripe, the newest first" columns={columns}>
          {events.map((event) => (
            <EventRow key={event.dedupeKey} event={event} />
          ))}
        </Table>
      )}
      <Pager previous={previous ?? undefined} next={next ?? undefined} label="Pages of events" />
    </>
  );
}

function EventRow({ event }: { event: Listed }) {
  return (
    <Row>
      <Cell label="Event">
        <TextLink to={paths.admin.webhookEvent(event.dedupeKey)}>
          <EventType type={event.type} />
        </TextLink>
      </Cell>
      <Cell label="Status">
        <InboxStateBadge state={event.state} />
        {event.lastError && <p className="mt-1 text-xs text-ink-muted">{event.lastError}</p>}
      </Cell>
      <Cell label="About" breakable>
        <code translate="no" className="font-mono text-xs">
          {event.objectId ?? event.eventId}
        </code>
      </Cell>
      <Cell label="Deliveries" align="right">
        {event.deliveries}
      </Cell>
      <Cell label="Tries" align="right">
        {event.attempts}
      </Cell>
      <Cell label="Received">
        <Time at={event.receivedAt} />
      </Cell>
    </Row>
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
