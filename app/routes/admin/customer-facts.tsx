import type { SerializeFrom } from "@remix-run/node";
import type { getCustomerForStaff } from "#app/domain/customer/customer.queries.server.ts";
import { paths } from "#app/paths.ts";
import { CopyableId } from "#app/routes/admin/copyable-id.tsx";
import { Card } from "#app/ui/card.tsx";
import { Fact, Facts } from "#app/ui/facts.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { Time } from "#app/ui/time.tsx";

type ShownCustomer = SerializeFrom<NonNullable<Awaited<ReturnType<typeof getCustomerForStaff>>>>;

export function CustomerFacts({ customer }: { customer: ShownCustomer }) {
  return (
    <Card title="Facts">
      <Facts>
        <Fact label="Address">
          <CopyableId value={customer.email} label="address" />
        </Fact>
        <Fact label="Customer ID">
          <CopyableId value={customer.id} label="customer ID" />
        </Fact>
        <Fact label="Customer since">
          <Time at={customer.createdAt} />
        </Fact>
        <Fact label="At Stripe">
          <StripeCustomers of={customer} />
        </Fact>
        <Fact label="Subscriptions">
          <TextLink to={paths.admin.subscriptions({ q: customer.id })}>
            Subscriptions of this customer
          </TextLink>
        </Fact>
        <Fact label="Audit log">
          <TextLink to={paths.admin.auditLog({ target: customer.id })}>
            What happened to this customer
          </TextLink>
        </Fact>
      </Facts>
    </Card>
  );
}

/** One person may have several; a billing contact of its own moves neither sign-in nor licenses. */
function StripeCustomers({ of: { email: ownEmail, stripeCustomers } }: { of: ShownCustomer }) {
  if (stripeCustomers.length === 0) return <>No customer there yet</>;
  return (
    <ul className="grid gap-2">
      {stripeCustomers.map(({ id, livemode, email, name, deletedAt }) => (
        <li key={id}>
          <CopyableId value={id} label="Stripe customer ID" /> {!livemode && "(test mode)"}
          {email && email !== ownEmail && (
            <span className="block text-sm text-ink-muted">
              Billing contact: {name ? `${name}, ${email}` : email}
            </span>
          )}
          {deletedAt && (
            <span className="block text-sm text-ink-muted">
              Deleted at Stripe <Time at={deletedAt} dateOnly />. What was bought once stays; subscriptions
              have ended.
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
