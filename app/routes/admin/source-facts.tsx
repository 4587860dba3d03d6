import { CopyableId } from "#app/routes/admin/copyable-id.tsx";
import { Badge } from "#app/ui/badge.tsx";
import { Fact, Facts } from "#app/ui/facts.tsx";
import { Time } from "#app/ui/time.tsx";

export type ShownSource = {
  id: string;
  kind: string;
  waiting: boolean;
  failCount: number;
  syncedAt: string | null;
  retryAt: string | null;
  nextCheckAt: string | null;
  lastError: string | null;
};

const kinds: Record<string, string> = {
  checkout_session: "Checkout Session",
  subscription: "Subscription",
  payment_intent: "Payment",
  charge: "Charge",
  invoice: "Invoice",
  refund: "Refund",
  dispute: "Dispute",
  fraud_warning: "Fraud warning",
  customer: "Customer",
  price: "Price",
};

/** One purchase as Stripe knows it, and whether we are in step with it. */
export function SourceFacts({ source }: { source: ShownSource }) {
  return (
    <Facts>
      <Fact label={kinds[source.kind] ?? source.kind}>
        <CopyableId value={source.id} label="Stripe ID" />
      </Fact>
      <Fact label="Status">
        <SyncBadge source={source} />
      </Fact>
      {source.syncedAt && (
        <Fact label="Last compared">
          <Time at={source.syncedAt} />
        </Fact>
      )}
      {source.waiting && source.retryAt && (
        <Fact label="Next try">
          <Time at={source.retryAt} />
        </Fact>
      )}
      {!source.waiting && source.nextCheckAt && (
        <Fact label="Next check">
          <Time at={source.nextCheckAt} />
        </Fact>
      )}
      {source.lastError && <Fact label="Last error">{source.lastError}</Fact>}
    </Facts>
  );
}

function SyncBadge({ source }: { source: Pick<ShownSource, "waiting" | "failCount"> }) {
  if (!source.waiting) return <Badge tone="good">In sync</Badge>;
  if (source.failCount === 0) return <Badge tone="info">Waiting</Badge>;
  return <Badge tone="bad">Failed {source.failCount === 1 ? "once" : `${source.failCount} times`}</Badge>;
}
