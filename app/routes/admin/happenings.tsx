import type { SerializeFrom } from "@remix-run/node";
import type { Happening } from "#app/domain/license/happenings.queries.server.ts";
import { paths } from "#app/paths.ts";
import { Card } from "#app/ui/card.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { Timeline } from "#app/ui/timeline.tsx";

const addresses = {
  email: paths.admin.email,
  event: paths.admin.webhookEvent,
  order: paths.admin.order,
  license: (licenseId: string) => paths.admin.license(licenseId),
};

type DetailsProps = {
  detail: string | null;
  changes: readonly string[];
  cause: SerializeFrom<Happening>["cause"];
};

/** Why, what else it moved, and what led to it, with a way to the event of Stripe that did. */
function Details({ detail, changes, cause }: DetailsProps) {
  return (
    <>
      {detail && <p>{detail}</p>}
      {changes.length > 0 && (
        <ul className="text-sm leading-6">
          {changes.map((change) => (
            <li key={change}>{change}</li>
          ))}
        </ul>
      )}
      {cause && (
        <p className="text-sm leading-6">
          {cause.words}
          {cause.eventKeys.map((eventKey) => (
            <TextLink key={eventKey} to={paths.admin.webhookEvent(eventKey)} className="ml-2 min-h-6">
              Show the event
            </TextLink>
          ))}
        </p>
      )}
    </>
  );
}

/** Payment, email, Stripe events and acts of staff in one stream, newest first. */
export function Happenings({ timeline }: { timeline: readonly SerializeFrom<Happening>[] }) {
  return (
    <Card title="What happened">
      {timeline.length === 0 ? (
        <p>Nothing yet.</p>
      ) : (
        <Timeline
          entries={timeline.map(({ about, waiting: _, changes, cause, ...happening }) => ({
            ...happening,
            detail: <Details detail={happening.detail} changes={changes ?? []} cause={cause} />,
            href: about ? addresses[about.type](about.id) : undefined,
          }))}
        />
      )}
    </Card>
  );
}
