import { Section } from "#app/routes/admin/section.tsx";
import type { ShownLicense } from "#app/routes/admin/shown-license.ts";
import { Banner } from "#app/ui/banner.tsx";
import { Time } from "#app/ui/time.tsx";

/** Why a license is suspended: every hold has a cause, and only its own cause lifts it. */
export function LicenseHolds({ holds }: { holds: ShownLicense["holds"] }) {
  return (
    <Section title="On hold because of">
      <ul className="grid gap-3">
        {holds.map((hold) => (
          <li key={hold.id}>
            <Banner tone="warning" title={hold.words.replace(/^./, (first) => first.toUpperCase())}>
              {hold.reason}
              <span className="block text-sm text-ink-muted">
                Since <Time at={hold.createdAt} />. {hold.remedy}
              </span>
            </Banner>
          </li>
        ))}
      </ul>
    </Section>
  );
}
