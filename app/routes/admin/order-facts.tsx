import { shortMaskedKey } from "#app/domain/license/license-key.ts";
import { isSale, noCustomerWords } from "#app/domain/order/order.ts";
import { paths } from "#app/paths.ts";
import { CopyableId } from "#app/routes/admin/copyable-id.tsx";
import { OrderAmount } from "#app/routes/admin/orders-table.tsx";
import { Badge } from "#app/ui/badge.tsx";
import { Card } from "#app/ui/card.tsx";
import { Fact, Facts } from "#app/ui/facts.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { Time } from "#app/ui/time.tsx";

type OrderFactsProps = {
  order: {
    id: string;
    origin: string;
    email: string | null;
    customer: { id: string; email: string } | null;
    amountTotal: number | null;
    currency: string | null;
    livemode: boolean;
    stripeSessionId: string | null;
    renewsLicense: { id: string; maskedKey: string } | null;
    paymentIntentId: string | null;
    createdAt: string;
    awaitingPaymentAt: string | null;
    paidAt: string | null;
    paymentFailedAt: string | null;
    expiredAt: string | null;
    fulfilledAt: string | null;
  };
};

const origins: Record<string, string> = {
  checkout: "Checkout of this shop",
  payment_link: "Payment Link",
  elsewhere: "A checkout made elsewhere",
  staff: "Issued by staff",
  api: "Issued by a program",
};

export function OrderFacts({ order }: OrderFactsProps) {
  const moments = [
    { label: "Placed", at: order.createdAt },
    { label: "Awaiting payment since", at: order.awaitingPaymentAt },
    { label: "Paid", at: order.paidAt },
    { label: "Payment failed", at: order.paymentFailedAt },
    { label: "Expired", at: order.expiredAt },
    { label: "Licenses issued", at: order.fulfilledAt },
  ];
  return (
    <Card title="Facts">
      <Facts>
        <Fact label="Customer">
          {order.customer ? (
            <TextLink to={paths.admin.customer(order.customer.id)}>{order.customer.email}</TextLink>
          ) : (
            (order.email ?? noCustomerWords(order))
          )}
        </Fact>
        <Fact label="Amount">
          <OrderAmount order={order} />{" "}
          {!order.livemode && isSale(order) && <Badge tone="warn">Test mode</Badge>}
        </Fact>
        <Fact label="Came through">{origins[order.origin] ?? order.origin}</Fact>
        {order.renewsLicense && (
          <Fact label="Renews">
            <TextLink to={paths.admin.license(order.renewsLicense.id)} translate="no" className="font-mono">
              {shortMaskedKey(order.renewsLicense.maskedKey)}
            </TextLink>
            <span className="block text-sm text-ink-muted">Prolongs this license; gives no new key.</span>
          </Fact>
        )}
        {moments.map(
          ({ label, at }) =>
            at && (
              <Fact key={label} label={label}>
                <Time at={at} />
              </Fact>
            ),
        )}
        {order.stripeSessionId && (
          <Fact label="Checkout Session">
            <CopyableId value={order.stripeSessionId} label="Checkout Session ID" />
          </Fact>
        )}
        {order.paymentIntentId && (
          <Fact label="Payment">
            <CopyableId value={order.paymentIntentId} label="payment ID" />
          </Fact>
        )}
        <Fact label="Order ID">
          <CopyableId value={order.id} label="order ID" />
        </Fact>
        <Fact label="Audit log">
          <TextLink to={paths.admin.auditLog({ target: order.id })}>What happened to this order</TextLink>
        </Fact>
      </Facts>
    </Card>
  );
}
