import {
  isSubscriptionStatus,
  subscriptionStatusWords,
} from "#app/domain/subscription/subscription-words.ts";
import { Badge, type BadgeTone } from "#app/ui/badge.tsx";

const tones: Record<ReturnType<typeof known>, BadgeTone> = {
  active: "good",
  trialing: "info",
  past_due: "warn",
  unpaid: "bad",
  paused: "warn",
  incomplete: "neutral",
  canceled: "neutral",
  incomplete_expired: "neutral",
};

function known(status: string) {
  return isSubscriptionStatus(status) ? status : "incomplete";
}

/** A subscription's status at Stripe in the words of staff; null = never fetched yet. */
export function SubscriptionStatusBadge({ status }: { status: string | null }) {
  if (status === null) return <Badge tone="neutral">Not fetched yet</Badge>;
  return <Badge tone={tones[known(status)]}>{subscriptionStatusWords(status).label}</Badge>;
}
