import {
  type SubscriptionStatus,
  subscriptionStatusWords,
} from "#app/domain/subscription/subscription-words.ts";
import { paths } from "#app/paths.ts";
import { Card } from "#app/ui/card.tsx";
import { TextLink } from "#app/ui/text-link.tsx";

type SubscriptionCountsProps = { counts: readonly { status: SubscriptionStatus; count: number }[] };

/** How many subscriptions stand how; every number leads to its list. Nothing where there are none. */
export function SubscriptionCounts({ counts }: SubscriptionCountsProps) {
  if (counts.every(({ count }) => count === 0)) return null;
  return (
    <Card
      title="Subscriptions"
      actions={<TextLink to={paths.admin.subscriptions()}>All subscriptions</TextLink>}
    >
      <dl className="grid grid-cols-2 gap-4 sm:grid-cols-5">
        {counts.map(({ status, count }) => (
          <div key={status} className="flex flex-col-reverse">
            <dt className="text-sm text-ink-muted">{subscriptionStatusWords(status).label}</dt>
            <dd className="text-2xl font-semibold tabular-nums">
              <TextLink
                to={paths.admin.subscriptions({ status })}
                aria-label={`${count} with status ${subscriptionStatusWords(status).label}`}
              >
                {count}
              </TextLink>
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
