import type { SerializeFrom } from "@remix-run/node";
import type { SubscriptionFacts } from "#app/domain/subscription/subscription.ts";
import {
  collectionPauseWords,
  endReasonWords,
  pauseReasonWords,
  subscriptionStatusWords,
} from "#app/domain/subscription/subscription-words.ts";
import { CopyableId } from "#app/routes/admin/copyable-id.tsx";
import { SubscriptionStatusBadge } from "#app/routes/admin/subscription-status-badge.tsx";
import { Card } from "#app/ui/card.tsx";
import { Fact, Facts } from "#app/ui/facts.tsx";
import { Time } from "#app/ui/time.tsx";

export type ShownSubscription = SerializeFrom<SubscriptionFacts>;

type SubscriptionCardProps = {
  subscription: ShownSubscription;
  /** "Renews 3 Dec 2026" */
  nextStep: string | null;
  /** The sign-in address of the customer, beside which another billing contact stands out. */
  customerEmail: string | null;
};

/** One subscription as Stripe held it at the last comparison. */
export function SubscriptionCard({ subscription, nextStep, customerEmail }: SubscriptionCardProps) {
  const { status, stripeCustomer, trialEnd, endedAt, endedBecause, pausedBecause, pauseCollection } =
    subscription;
  return (
    <Card title="Subscription" actions={<SubscriptionStatusBadge status={status} />}>
      <p className="mb-4 text-[0.9375rem]">{subscriptionStatusWords(status).meaning}</p>
      <Facts>
        {nextStep && <Fact label="Next">{nextStep}</Fact>}
        {trialEnd && (
          <Fact label={status === "trialing" ? "Trial until" : "Trial ended"}>
            <Time at={trialEnd} />
          </Fact>
        )}
        {endedAt && (
          <Fact label="Ended">
            <Time at={endedAt} />
            {endedBecause && <span className="block text-ink-muted">{endReasonWords(endedBecause)}</span>}
          </Fact>
        )}
        {status === "paused" && pausedBecause && (
          <Fact label="Paused because">{pauseReasonWords(pausedBecause)}</Fact>
        )}
        {pauseCollection && (
          <Fact label="Collection">
            Paused; {collectionPauseWords(pauseCollection.behavior)}
            {pauseCollection.resumesAt && (
              <span className="block text-ink-muted">
                Goes on <Time at={pauseCollection.resumesAt} />
              </span>
            )}
          </Fact>
        )}
        <Fact label="Billed">
          {subscription.collectionMethod === "send_invoice"
            ? "By invoice that the customer pays"
            : "Automatically"}
        </Fact>
        <Fact label="Since">
          <Time at={subscription.created} dateOnly />
        </Fact>
        <Fact label="Customer at Stripe">
          <CopyableId value={stripeCustomer.id} label="Stripe customer ID" />
          {stripeCustomer.deleted && <span className="block text-ink-muted">Deleted at Stripe</span>}
          {stripeCustomer.email && stripeCustomer.email !== customerEmail && (
            <span className="block text-ink-muted">Billing contact: {stripeCustomer.email}</span>
          )}
        </Fact>
        <Fact label="Subscription ID">
          <CopyableId value={subscription.id} label="subscription ID" />
          <span className="block text-sm text-ink-muted">
            Search for it in the Stripe Dashboard to change or cancel it.
          </span>
        </Fact>
      </Facts>
    </Card>
  );
}
