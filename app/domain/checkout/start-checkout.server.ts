import {
  CheckoutUnavailable,
  type OrderWithLines,
  openCheckout,
  requireOpenShop,
} from "#app/domain/checkout/open-checkout.server.ts";
import { recordOrder } from "#app/domain/checkout/record-order.server.ts";
import { normalizeEmail } from "#app/domain/customer/customer.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { getPriceForSale } from "#app/domain/product/catalog.queries.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { sha256Hex } from "#app/infra/secrets.server.ts";
import { paths } from "#app/paths.ts";

export { CheckoutUnavailable };

export type CheckoutRequest = {
  priceId: string;
  quantity: number;
  email?: string | undefined;
  /** Who is signed in, if anybody: the licenses will be theirs. */
  customerId?: string | undefined;
  /** Held by the buying browser only; the return page shows the key to whoever holds it. */
  browserNonce: string;
  /** An order of this browser whose checkout could not be opened, to try again without making a second one. */
  orderId?: string | undefined;
  now: Date;
};

/**
 * Records an order and opens a Stripe Checkout Session for it: a payment, or a subscription when the price has an
 * interval. Repeating the call for the same order gives the same session.
 * @throws DomainError INVALID for a price or quantity that cannot be bought, UNAVAILABLE without Stripe,
 *   CheckoutUnavailable when Stripe did not answer.
 */
export async function startCheckout(
  request: CheckoutRequest,
): Promise<{ orderId: string; redirectTo: string }> {
  requireOpenShop();
  const order = (await findOrderToRetry(request)) ?? (await createOrder(request));
  return openCheckout(order, paths.home(), request.now);
}

async function findOrderToRetry(request: CheckoutRequest): Promise<OrderWithLines | null> {
  if (!request.orderId) return null;
  const order = await db().order.findFirst({
    where: {
      id: request.orderId,
      browserNonceHash: sha256Hex(request.browserNonce),
      stripeSessionId: null,
      renewsLicenseId: null,
      lines: { some: { priceId: request.priceId, quantity: request.quantity } },
    },
    include: { lines: true },
  });
  if (!order) return null;
  const email = request.email ? normalizeEmail(request.email) : order.email;
  const customerId = request.customerId ?? order.customerId;
  if (email === order.email && customerId === order.customerId) return order;
  // Stripe refuses a key it knows when something else is asked for under it.
  return db().order.update({
    where: { id: order.id },
    data: { email, customerId, checkoutAttempt: { increment: 1 } },
    include: { lines: true },
  });
}

async function createOrder(request: CheckoutRequest): Promise<OrderWithLines> {
  const { now, quantity, customerId, browserNonce } = request;
  const price = await getPriceForSale(request.priceId);
  if (!price)
    throw new DomainError("INVALID", "This plan is not on sale any more. Please choose another one.", {
      field: "price",
    });
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > price.maxQuantity)
    throw new DomainError(
      "INVALID",
      price.maxQuantity === 1
        ? "This plan is sold one at a time."
        : `Choose a whole number from 1 to ${price.maxQuantity}.`,
      { field: "quantity" },
    );
  const order = {
    price,
    quantity,
    customerId: customerId ?? null,
    email: request.email ? normalizeEmail(request.email) : null,
    browserNonce,
    renewsLicenseId: null,
    now,
  };
  return inTransaction((tx) => recordOrder(tx, order));
}
