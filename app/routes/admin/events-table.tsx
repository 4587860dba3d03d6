import type { SerializeFrom } from "@remix-run/node";
import type { InboxRow } from "#app/domain/webhook-inbox/webhook-inbox.queries.server.ts";
import { paths } from "#app/paths.ts";
import { EventType } from "#app/routes/admin/event-type.tsx";
import { InboxStateBadge } from "#app/routes/admin/inbox-state-badge.tsx";
import { Cell, Row, Table } from "#app/ui/table.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { Time } from "#app/ui/time.tsx";

type Listed = SerializeFrom<InboxRow>;

const columns = [
  { label: "Event" },
  { label: "Status" },
  { label: "About" },
  { label: "Deliveries", align: "right" },
  { label: "Tries", align: "right" },
  { label: "Received" },
] as const;

export function EventsTable({ events }: { events: readonly Listed[] }) {
  return (
    <Table caption="Events from Stripe, the newest first" columns={columns}>
      {events.map((event) => (
        <EventRow key={event.dedupeKey} event={event} />
      ))}
    </Table>
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
