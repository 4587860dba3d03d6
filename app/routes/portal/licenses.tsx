import { json, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { listLicensesForCustomer } from "#app/domain/license/portal-license.queries.server.ts";
import { groupBySubscription } from "#app/domain/license/portal-license.ts";
import { listSubscriptionsForCustomer } from "#app/domain/subscription/portal-subscription.queries.server.ts";
import { statusBeside } from "#app/domain/subscription/portal-subscription.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import { requireCustomer } from "#app/http/guards.server.ts";
import { paths } from "#app/paths.ts";
import { ButtonLink } from "#app/ui/button.tsx";
import { EmptyState } from "#app/ui/empty-state.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { LicenseCard, type ShownLicense } from "./license-card.tsx";
import { type ShownSubscription, SubscriptionCard } from "./subscription-card.tsx";

export async function loader({ request }: LoaderFunctionArgs) {
  const customer = await requireCustomer(request);
  const asked = { customerId: customer.id, now: currentTime() };
  const [licenses, subscriptions] = await Promise.all([
    listLicensesForCustomer(asked),
    listSubscriptionsForCustomer(asked),
  ]);
  const byId = new Map(subscriptions.map((subscription) => [subscription.id, subscription]));
  const shown = licenses.map((license) => {
    const subscription = byId.get(license.subscriptionId ?? "") ?? null;
    return { ...license, status: statusBeside(license.status, subscription) };
  });
  const told = subscriptions.map(({ id, next, notice }) => [id, { next, notice }] as const);
  return json({
    groups: groupBySubscription(shown),
    subscriptions: Object.fromEntries(told),
    email: customer.email,
  });
}

export const meta: MetaFunction = () => [{ title: "My licenses · Latchkey" }];

export default function Licenses() {
  const { groups, subscriptions, email } = useLoaderData<typeof loader>();
  const past = groups.filter(isPast);
  const current = groups.filter((group) => !isPast(group));
  return (
    <>
      <PageHeader title="My licenses" lead={`Everything bought with ${email}.`} />
      {groups.length === 0 ? (
        <EmptyState
          title="No licenses yet"
          action={<ButtonLink to={paths.home()}>See plans and prices</ButtonLink>}
        >
          <p>
            What you buy with this address appears here. Bought with another address? Sign out and sign in
            with that one.
          </p>
        </EmptyState>
      ) : (
        <div className="grid gap-10">
          {current.length > 0 ? (
            <CardList groups={current} subscriptions={subscriptions} />
          ) : (
            <EmptyState
              title="No license in use"
              action={<ButtonLink to={paths.home()}>See plans and prices</ButtonLink>}
            >
              <p>All your licenses have ended.</p>
            </EmptyState>
          )}
          {past.length > 0 && (
            <section aria-labelledby="past" className="grid gap-4">
              <h2 id="past" className="text-lg font-semibold">
                Ended licenses
              </h2>
              <CardList groups={past} subscriptions={subscriptions} headingLevel={3} />
            </section>
          )}
        </div>
      )}
    </>
  );
}

type Group = { subscriptionId: string | null; licenses: ShownLicense[] };

type CardListProps = {
  groups: readonly Group[];
  subscriptions: Record<string, ShownSubscription>;
  headingLevel?: 2 | 3;
};

function CardList({ groups, subscriptions, headingLevel = 2 }: CardListProps) {
  return (
    <ul className="grid gap-5">
      {groups.map(({ subscriptionId, licenses }) => {
        const [license] = licenses;
        if (!license) return null;
        const subscription = subscriptions[subscriptionId ?? ""] ?? null;
        return (
          <li key={license.id} className="grid min-w-0">
            {licenses.length > 1 ? (
              <SubscriptionCard {...{ licenses, subscription, headingLevel }} />
            ) : (
              <LicenseCard license={license} next={subscription?.next ?? null} headingLevel={headingLevel} />
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** A subscription is past when its last key is. */
function isPast({ licenses }: Group): boolean {
  return licenses.every(({ status }) => status === "expired" || status === "revoked");
}
