import { Banner } from "#app/ui/banner.tsx";
import { Time } from "#app/ui/time.tsx";

/** From this many minutes on, an event that still waits is a reason to look. */
export const lagAlarmMinutes = 10;

type InboxLagProps = {
  /** When the oldest event that still needs something arrived. */
  oldest: string | null;
  now: string;
};

export function minutesBetween(earlier: string, later: string): number {
  return Math.max(0, Math.floor((Date.parse(later) - Date.parse(earlier)) / 60_000));
}

/** Says when events pile up; nothing otherwise. */
export function InboxLag({ oldest, now }: InboxLagProps) {
  if (!oldest || minutesBetween(oldest, now) < lagAlarmMinutes) return null;
  return (
    <div className="mb-5">
      <Banner tone="warning" title={`Events have been waiting for ${minutesBetween(oldest, now)} minutes`}>
        The oldest one arrived <Time at={oldest} />. If its tries fail, its page says why; if nothing is tried
        at all, check that a worker runs.
      </Banner>
    </div>
  );
}
