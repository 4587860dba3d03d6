import { paths } from "#app/paths.ts";
import type { ShownLicense } from "#app/routes/admin/shown-license.ts";
import { Card } from "#app/ui/card.tsx";
import { Timeline } from "#app/ui/timeline.tsx";

type Happening = ShownLicense["timeline"][number];

function hrefOf(about: Happening["about"]): string | undefined {
  if (!about) return undefined;
  const to = { email: paths.admin.email, event: paths.admin.webhookEvent, order: paths.admin.order };
  return to[about.type](about.id);
}

/** Payment, mail, Stripe events and acts of staff in one stream, newest first. */
export function LicenseTimeline({ timeline }: { timeline: ShownLicense["timeline"] }) {
  return (
    <Card title="What happened">
      <Timeline
        entries={timeline.map(({ about, waiting: _, ...happening }) => ({
          ...happening,
          href: hrefOf(about),
        }))}
      />
    </Card>
  );
}
