import type { EmailState } from "#app/domain/email-outbox/email.ts";
import { emailStateLabels } from "#app/domain/email-outbox/email-words.ts";
import { Badge, type BadgeTone } from "#app/ui/badge.tsx";

const tones: Record<EmailState, BadgeTone> = {
  queued: "info",
  sent: "good",
  failed: "bad",
  dropped: "neutral",
};

/** A queued mail whose first tries failed stands out from one that simply waits. */
export function EmailStateBadge({ state, tries }: { state: EmailState; tries: number }) {
  if (state === "queued" && tries > 0) return <Badge tone="warn">Trying again</Badge>;
  return <Badge tone={tones[state]}>{emailStateLabels[state]}</Badge>;
}
