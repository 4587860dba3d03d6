import type { InboxState } from "#app/domain/webhook-inbox/webhook-inbox.ts";
import { Badge, type BadgeTone } from "#app/ui/badge.tsx";

export const inboxStateLabels: Record<InboxState, string> = {
  received: "Waiting",
  processed: "Processed",
  ignored: "Ignored",
  failed: "Failed",
};

const tones: Record<InboxState, BadgeTone> = {
  received: "info",
  processed: "good",
  ignored: "neutral",
  failed: "bad",
};

export function InboxStateBadge({ state }: { state: InboxState }) {
  return <Badge tone={tones[state]}>{inboxStateLabels[state]}</Badge>;
}
