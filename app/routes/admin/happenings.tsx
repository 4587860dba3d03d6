import type { SerializeFrom } from "@remix-run/node";
import type { Happening } from "#app/domain/license/happenings.queries.server.ts";
import { paths } from "#app/paths.ts";
import { Card } from "#app/ui/card.tsx";
import { Timeline } from "#app/ui/timeline.tsx";

const addresses = {
  email: paths.admin.email,
  event: paths.admin.webhookEvent,
  order: paths.admin.order,
  license: (licenseId: string) => paths.admin.license(licenseId),
};

/** Payment, email, Stripe events and acts of staff in one stream, newest first. */
export function Happenings({ timeline }: { timeline: readonly SerializeFrom<Happening>[] }) {
  return (
    <Card title="What happened">
      {timeline.length === 0 ? (
        <p>Nothing yet.</p>
      ) : (
        <Timeline
          entries={timeline.map(({ about, waiting: _, ...happening }) => ({
            ...happening,
            href: about ? addresses[about.type](about.id) : undefined,
          }))}
        />
      )}
    </Card>
  );
}
