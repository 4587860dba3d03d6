import Stripe from "stripe";
import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { normalizeEmail } from "#app/domain/customer/customer.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { newId } from "#app/domain/ids.ts";
import { storableAmount } from "#app/domain/order/order.ts";
import { getPriceForSale } from "#app/domain/product/catalog.queries.server.ts";
import { planName } from "#app/domain/product/plan-words.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { getEnv } from "#app/infra/env.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import type { Order, OrderLine } from "#app/infra/prisma-client/client.ts";
import { sha256Hex } from "#app/infra/secrets.server.ts";
import { isLivemode, isStripeConfigured, stripe } from "#app/infra/stripe.server.ts";
import { paths } from "#app/paths.ts";

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

/** The buyer was told that trying again is safe; `orderId` makes it the same order. */
export class CheckoutUnavailable extends DomainError {
  readonly orderId: string;
  constructor(orderId: string, cause: unknown) {
    super(
      "UNAVAILABLE",
      "The payment page could not be opened. Nothing was charged. Please try again in a moment.",
      {
        cause,
      },
    );
    this.orderId = orderId;
  }
}

/**
 * Records an order and opens a Stripe Checkout Session for it. Repeating the call for the same order gives the
 * same session: the idempotency key is `order:<id>:<attempt>`.
 * @throws DomainError INVALID for a price or quantity that cannot be bought, UNAVAILABLE without Stripe,
 *   CheckoutUnavailable when Stripe did not answer.
 */
export async function startCheckout(
  request: CheckoutRequest,
): Promise<{ orderId: string; redirectTo: string }> {
  if (!isStripeConfigured())
    throw new DomainError("UNAVAILABLE", "This shop is not open yet: its payment account is not connected.");
  const order = (await findOrderToRetry(request)) ?? (await createOrder(request));
  const line = order.lines[0];
  if (!line?.stripePriceId)
    throw new DomainError("INVALID", "This order has nothing to pay for. Please choose a plan.");
  try {
    const session = await openSession(order, line);
    if (!session.url) throw new Error(`Stripe opened ${session.id} without an address.`);
    await noteSession(order, session, request.now);
    return { orderId: order.id, redirectTo: session.url };
  } catch (error) {
    logger().error({ err: error, order: order.id }, "opening a checkout session failed");
    // Stripe keeps its answer for a key, errors included, so the next try needs a new one. After a broken
    // connection nobody knows whether the session exists: the same key finds out.
    if (!(error instanceof Stripe.errors.StripeConnectionError))
      await db().order.update({ where: { id: order.id }, data: { checkoutAttempt: { increment: 1 } } });
    throw new CheckoutUnavailable(order.id, error);
  }
}

type OrderWithLines = Order & { lines: OrderLine[] };

async function findOrderToRetry(request: CheckoutRequest): Promise<OrderWithLines | null> {
  if (!request.orderId) return null;
  const order = await db().order.findFirst({
    where: {
      id: request.orderId,
      browserNonceHash: sha256Hex(request.browserNonce),
      stripeSessionId: null,
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
  const { now, quantity, customerId } = request;
  const price = await getPriceForSale(request.priceId);
  if (!price)
    throw new DomainError("INVALID", "This plan is not on sale any more. Please choose another one.", {
      field: "price",
    });
  if (price.interval)
    throw new DomainError("INVALID", "Subscriptions cannot be bought here yet. Please choose another plan.", {
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
  const email = request.email ? normalizeEmail(request.email) : null;
  const actor: Actor = customerId
    ? { type: "customer", id: customerId, label: email ?? customerId }
    : { type: "system", label: "Visitor" };
  return inTransaction(async (tx) => {
    const order = await tx.order.create({
      data: {
        id: newId("ord", now),
        customerId: customerId ?? null,
        email,
        origin: "checkout",
        browserNonceHash: sha256Hex(request.browserNonce),
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
      target: { type: "order", id: order.id },
      orderId: order.id,
      customerId: customerId ?? null,
      after: { price: price.id, quantity },
    });
    return order;
  });
}

async function openSession(order: OrderWithLines, line: OrderLine): Promise<Stripe.Checkout.Session> {
  const known = order.customerId
    ? await db().stripeCustomer.findFirst({ where: { customerId: order.customerId, livemode: isLivemode() } })
    : null;
  try {
    return await createSession(order, line, known?.id ?? null);
  } catch (error) {
    if (!known || !isMissingCustomer(error)) throw error;
    // Somebody deleted the customer at Stripe: the buyer gets a new one with this purchase.
    await db().stripeCustomer.deleteMany({ where: { id: known.id } });
    const { checkoutAttempt } = await db().order.update({
      where: { id: order.id },
      data: { checkoutAttempt: { increment: 1 } },
    });
    return createSession({ ...order, checkoutAttempt }, line, null);
  }
}

function isMissingCustomer(error: unknown): boolean {
  return (
    error instanceof Stripe.errors.StripeInvalidRequestError &&
    error.code === "resource_missing" &&
    error.param === "customer"
  );
}

function createSession(order: OrderWithLines, line: OrderLine, stripeCustomerId: string | null) {
  const { appUrl } = getEnv();
  return stripe().checkout.sessions.create(
    {
      mode: "payment",
      line_items: [{ price: line.stripePriceId ?? "", quantity: line.quantity }],
      success_url: `${appUrl}${paths.checkoutReturn()}?session_id={CHECKOUT_SESSION_ID}`,
      cancel_url: `${appUrl}${paths.home()}`,
      client_reference_id: order.customerId ?? order.id,
      metadata: { order: order.id },
      payment_intent_data: { metadata: { order: order.id } },
      allow_promotion_codes: true,
      ...(stripeCustomerId
        ? { customer: stripeCustomerId }
        : { customer_creation: "always" as const, ...(order.email && { customer_email: order.email }) }),
    },
    // A person is waiting: after 20 seconds they rather read that they may try again.
    {
      idempotencyKey: `order:${order.id}:${order.checkoutAttempt}`,
      timeout: 10_000,
      maxNetworkRetries: 1,
    },
  );
}

const firstCheckMs = 15 * 60_000;

/** Notes the session and arms the timer that finds the sale even when no webhook ever comes. */
async function noteSession(order: Order, session: Stripe.Checkout.Session, now: Date): Promise<void> {
  const nextCheckAt = new Date(now.getTime() + firstCheckMs);
  await inTransaction(async (tx) => {
    // The source before the order, as a sync locks them.
    await tx.stripeSource.upsert({
      where: { id: session.id },
      create: {
        id: session.id,
        kind: "checkout_session",
        livemode: session.livemode,
        orderId: order.id,
        dirtySeq: 0,
        nextCheckAt,
      },
      update: { orderId: order.id },
    });
    await tx.order.update({ where: { id: order.id }, data: { stripeSessionId: session.id } });
  });
}
