import { paths } from "#app/paths.ts";
import { Card } from "#app/ui/card.tsx";
import { Timeline } from "#app/ui/timeline.tsx";

type Happening = {
  id: string;
  at: string;
  kind: "audit" | "email" | "event";
  title: string;
  detail: string | null;
  actor: string | null;
  about: { type: "event" | "email" | "license"; id: string } | null;
  waiting?: boolean;
};

const addresses = {
  event: paths.admin.webhookEvent,
  email: paths.admin.email,
  license: (licenseId: string) => paths.admin.license(licenseId),
};

export function OrderTimeline({ timeline }: { timeline: readonly Happening[] }) {
  const entries = timeline.map(({ about, kind, waiting: _, ...entry }) => ({
    ...entry,
    kind: kind === "audit" ? (about?.type ?? "order") : kind,
    href: about ? addresses[about.type](about.id) : undefined,
  }));
  return (
    <Card title="What happened">
      {entries.length === 0 ? <p>Nothing yet.</p> : <Timeline entries={entries} />}
    </Card>
  );
}
