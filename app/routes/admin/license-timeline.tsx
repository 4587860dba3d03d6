import { paths } from "#app/paths.ts";
import { Section } from "#app/routes/admin/section.tsx";
import type { ShownLicense } from "#app/routes/admin/shown-license.ts";
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
    <Section title="What happened">
      <Timeline
        entries={timeline.map(({ about, ...happening }) => ({ ...happening, href: hrefOf(about) }))}
      />
    </Section>
  );
}
