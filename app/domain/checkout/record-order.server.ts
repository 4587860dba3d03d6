import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import type { OrderWithLines } from "#app/domain/checkout/open-checkout.server.ts";
import { newId } from "#app/domain/ids.ts";
import { storableAmount } from "#app/domain/order/order.ts";
import type { PriceForSale } from "#app/domain/product/catalog.queries.server.ts";
import { planName } from "#app/domain/product/plan-words.ts";
import type { Tx } from "#app/infra/db.server.ts";
import { sha256Hex } from "#app/infra/secrets.server.ts";
import { isLivemode } from "#app/infra/stripe.server.ts";

export type NewOrder = {
  price: PriceForSale;
  quantity: number;
  customerId: string | null;
  /** Normalized; null when nobody said. */
  email: string | null;
  browserNonce: string;
  renewsLicenseId: string | null;
  now: Date;
};

/** Writes down what somebody is about to pay for, with its audit row, before Stripe hears of it. */
export async function recordOrder(tx: Tx, order: NewOrder): Promise<OrderWithLines> {
  const { price, quantity, customerId, email, renewsLicenseId, now } = order;
  const actor: Actor = customerId
    ? { type: "customer", id: customerId, label: email ?? customerId }
    : { type: "system", label: "Visitor" };
  const recorded = await tx.order.create({
    data: {
      id: newId("ord", now),
      customerId,
      email,
      origin: "checkout",
      browserNonceHash: sha256Hex(order.browserNonce),
      renewsLicenseId,
      amountTotal: storableAmount(price.amount * quantity),
      currency: price.currency,
      livemode: isLivemode(),
      createdAt: now,
      lines: {
        create: [
          {
            id: newId("line", now),
            stripePriceId: price.stripePriceId,
            description: planName(price.product.name, price.policy.name),
            quantity,
            amount: storableAmount(price.amount * quantity),
            priceId: price.id,
            policyId: price.policy.id,
          },
        ],
      },
    },
    include: { lines: true },
  });
  await recordAudit(tx, {
    now,
    actor,
    event: "order.created",
    target: { type: "order", id: recorded.id },
    orderId: recorded.id,
    licenseId: renewsLicenseId,
    customerId,
    after: { price: price.id, quantity, ...(renewsLicenseId && { renews: renewsLicenseId }) },
  });
  return recorded;
}
