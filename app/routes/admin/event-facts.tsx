import { paths } from "#app/paths.ts";
import { CopyableId } from "#app/routes/admin/copyable-id.tsx";
import { Badge } from "#app/ui/badge.tsx";
import { Card } from "#app/ui/card.tsx";
import { Fact, Facts } from "#app/ui/facts.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { Time } from "#app/ui/time.tsx";

type EventFactsProps = {
  event: {
    eventId: string;
    dedupeKey: string;
    objectType: string | null;
    objectId: string | null;
    sourceId: string | null;
    source: { order: { id: string; number: number } | null } | null;
    livemode: boolean;
    apiVersion: string | null;
    created: string;
    receivedAt: string;
    deliveries: number;
    attempts: number;
    processedAt: string | null;
    ignoredAt: string | null;
    failedAt: string | null;
  };
};

/** What is known about one event, with links to what it is about. */
export function EventFacts({ event }: EventFactsProps) {
  const order = event.source?.order;
  return (
    <Card title="Facts">
      <Facts>
        <Fact label="Event">
          <CopyableId value={event.eventId} label="event ID" />
        </Fact>
        {event.dedupeKey !== event.eventId && (
          <Fact label="Same as">
            <CopyableId value={event.dedupeKey} label="ID of the same event" />
          </Fact>
        )}
        {event.objectId && (
          <Fact label="About">
            <CopyableId value={event.objectId} label="object ID" />
            {event.objectType && <span className="block text-ink-muted">{event.objectType}</span>}
          </Fact>
        )}
        {order && (
          <Fact label="Order">
            <TextLink to={paths.admin.order(order.id)}>#{order.number}</TextLink>
          </Fact>
        )}
        {event.sourceId && (
          <Fact label="Purchase">
            <TextLink to={paths.admin.webhookInbox({ q: event.sourceId })}>
              All events of this purchase
            </TextLink>
          </Fact>
        )}
        <Fact label="Mode">
          {event.livemode ? <Badge tone="neutral">Live</Badge> : <Badge tone="warn">Test</Badge>}
        </Fact>
        <Fact label="API version">{event.apiVersion ?? "–"}</Fact>
        <Fact label="Happened">
          <Time at={event.created} />
        </Fact>
        <Fact label="Received">
          <Time at={event.receivedAt} /> {event.deliveries > 1 && `(delivered ${event.deliveries} times)`}
        </Fact>
        <Fact label="Tries">{event.attempts}</Fact>
        <Moment label="Processed" at={event.processedAt} />
        <Moment label="Ignored" at={event.ignoredAt} />
        <Moment label="Failed" at={event.processedAt || event.ignoredAt ? null : event.failedAt} />
      </Facts>
    </Card>
  );
}

function Moment({ label, at }: { label: string; at: string | null }) {
  if (!at) return null;
  return (
    <Fact label={label}>
      <Time at={at} />
    </Fact>
  );
}
