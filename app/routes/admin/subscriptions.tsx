import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { hasSubscriptions, listSubscriptions } from "#app/domain/subscription/subscription.queries.server.ts";
import {
  subscriptionStatuses,
  subscriptionStatusWords,
} from "#app/domain/subscription/subscription-words.ts";
import { parseQuery } from "#app/http/forms.server.ts";
import { requireStaff } from "#app/http/guards.server.ts";
import { paths } from "#app/paths.ts";
import { SubscriptionListQuery } from "#app/routes/admin/list-queries.server.ts";
import { SubscriptionStatusBadge } from "#app/routes/admin/subscription-status-badge.tsx";
import { ButtonLink } from "#app/ui/button.tsx";
import { EmptyState } from "#app/ui/empty-state.tsx";
import { SelectField, TextField } from "#app/ui/field.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { Pager } from "#app/ui/pager.tsx";
import { FilterBar } from "#app/ui/search-form.tsx";
import { Cell, Row, Table } from "#app/ui/table.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { Time } from "#app/ui/time.tsx";

export const meta: MetaFunction = () => [{ title: "Subscriptions · Latchkey" }];

export async function loader({ request }: LoaderFunctionArgs) {
  await requireStaff(request, "order.read");
  const query = parseQuery(request, SubscriptionListQuery);
  const { q, status } = query;
  const page = await listSubscriptions(query);
  return {
    filter: { q, status },
    subscriptions: page.rows,
    nothingYet: page.rows.length === 0 && !(await hasSubscriptions()),
    previous: page.previous && paths.admin.subscriptions({ q, status, before: page.previous }),
    next: page.next && paths.admin.subscriptions({ q, status, after: page.next }),
  };
}

type Listed = ReturnType<typeof useLoaderData<typeof loader>>["subscriptions"][number];

const columns = [
  { label: "Order" },
  { label: "Customer" },
  { label: "What" },
  { label: "Status" },
  { label: "Next" },
  { label: "Since" },
] as const;

const statusOptions = [
  { value: "", label: "Any" },
  ...subscriptionStatuses.map((value) => ({ value, label: subscriptionStatusWords(value).label })),
];

export default function Subscriptions() {
  const { subscriptions, filter, nothingYet, previous, next } = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader title="Subscriptions" lead="Every subscription that was bought here, as Stripe holds it." />
      <FilterBar
        label="Filter subscriptions"
        clearTo={filter.q || filter.status ? paths.admin.subscriptions() : undefined}
        key={JSON.stringify(filter)}
      >
        <TextField
          label="Address, order number or ID"
          name="q"
          type="search"
          defaultValue={filter.q}
          maxLength={200}
          placeholder="name@example.com, #1001, sub_…"
        />
        <SelectField
          label="Status"
          name="status"
          defaultValue={filter.status ?? ""}
          options={statusOptions}
        />
      </FilterBar>
      {subscriptions.length === 0 ? (
        <NoSubscriptions nothingYet={nothingYet} />
      ) : (
        <Table caption="Subscriptions, the newest first" columns={columns}>
          {subscriptions.map((subscription) => (
            <SubscriptionRow key={subscription.id} subscription={subscription} />
          ))}
        </Table>
      )}
      <Pager previous={previous ?? undefined} next={next ?? undefined} label="Pages of subscriptions" />
    </>
  );
}

/** The order's page is the page of its subscription, too. */
function SubscriptionRow({ subscription }: { subscription: Listed }) {
  const { order, customer, email } = subscription;
  return (
    <Row>
      <Cell label="Order">
        <TextLink to={paths.admin.order(order.id)} className="whitespace-nowrap">
          #{order.number}
        </TextLink>
      </Cell>
      <Cell label="Customer" breakable>
        {customer ? (
          <TextLink to={paths.admin.customer(customer.id)}>{customer.email}</TextLink>
        ) : (
          (email ?? "Not known yet")
        )}
      </Cell>
      <Cell label="What">{subscription.items.join(", ") || "–"}</Cell>
      <Cell label="Status">
        <SubscriptionStatusBadge status={subscription.status} />
      </Cell>
      <Cell label="Next">{subscription.nextStep ?? "–"}</Cell>
      <Cell label="Since">
        <Time at={subscription.createdAt} dateOnly />
      </Cell>
    </Row>
  );
}

function NoSubscriptions({ nothingYet }: { nothingYet: boolean }) {
  if (nothingYet)
    return (
      <EmptyState title="No subscriptions yet">
        The first purchase of a plan that renews brings the first one.
      </EmptyState>
    );
  return (
    <EmptyState
      title="No subscription matches"
      action={
        <ButtonLink to={paths.admin.subscriptions()} variant="secondary">
          Show all subscriptions
        </ButtonLink>
      }
    >
      Try another status, part of an address, or a whole Stripe ID.
    </EmptyState>
  );
}
