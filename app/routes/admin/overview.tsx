import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { countOpenAlerts, listOpenAlerts } from "#app/domain/alert/alert.queries.server.ts";
import { listEmails } from "#app/domain/email-outbox/email-outbox.queries.server.ts";
import { listAwaitingPayment, listOrders } from "#app/domain/order/order.queries.server.ts";
import { countSubscriptions } from "#app/domain/subscription/subscription.queries.server.ts";
import {
  getOldestUnprocessed,
  listFailedEvents,
} from "#app/domain/webhook-inbox/webhook-inbox.queries.server.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import { requireStaff } from "#app/http/guards.server.ts";
import { paths } from "#app/paths.ts";
import { Attention } from "#app/routes/admin/attention.tsx";
import { InboxLag } from "#app/routes/admin/inbox-lag.tsx";
import { OrdersTable } from "#app/routes/admin/orders-table.tsx";
import { resolveFromForm } from "#app/routes/admin/resolve-alert.server.ts";
import { Section } from "#app/routes/admin/section.tsx";
import { SubscriptionCounts } from "#app/routes/admin/subscription-counts.tsx";
import { EmptyState } from "#app/ui/empty-state.tsx";
import { ErrorSummary } from "#app/ui/field.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { TextLink } from "#app/ui/text-link.tsx";

export const meta: MetaFunction = () => [{ title: "Overview · Latchkey" }];

/** Each part shows the first few and leads to the list that has the rest. */
const shown = 5;

export async function loader({ request }: LoaderFunctionArgs) {
  const staff = await requireStaff(request, "order.read");
  const [open, openCount, failed, emails, awaiting, oldest, subscriptions, latest] = await Promise.all([
    listOpenAlerts({ limit: shown }),
    countOpenAlerts(),
    listFailedEvents({ limit: shown }),
    listEmails({ state: "failed", limit: shown }),
    listAwaitingPayment({ limit: shown }),
    getOldestUnprocessed(),
    countSubscriptions(),
    listOrders({ limit: 8 }),
  ]);
  return {
    attention: {
      // A token for each, so that resolving one does not use up the others'.
      open: { ...open, alerts: open.alerts.map((alert) => ({ ...alert, submission: crypto.randomUUID() })) },
      openCount,
      failed,
      emails: { rows: emails.rows, more: emails.next !== null },
      awaiting,
    },
    oldest,
    subscriptions,
    now: currentTime(),
    latest: latest.rows,
    mayResolve: staff.may("alert.resolve"),
  };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const staff = await requireStaff(request, "alert.resolve");
  return resolveFromForm({ request, context }, staff, paths.admin.overview());
}

export default function Overview() {
  const { attention, latest, oldest, subscriptions, now, mayResolve } = useLoaderData<typeof loader>();
  const failed = useActionData<typeof action>();
  return (
    <>
      <PageHeader title="Overview" />
      <ErrorSummary state={failed?.form} />
      <InboxLag oldest={oldest} now={now} />
      <div className="grid gap-8">
        <Attention attention={attention} mayResolve={mayResolve} />
        <SubscriptionCounts counts={subscriptions} />
        <Section title="Latest orders" actions={<TextLink to={paths.admin.orders()}>All orders</TextLink>}>
          {latest.length === 0 ? (
            <EmptyState title="No orders yet" headingLevel={3}>
              They appear here as soon as somebody starts a checkout.
            </EmptyState>
          ) : (
            <OrdersTable caption="Latest orders" orders={latest} />
          )}
        </Section>
      </div>
    </>
  );
}
