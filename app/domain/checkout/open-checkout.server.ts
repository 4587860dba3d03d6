import Stripe from "stripe";
import { sessionParameters } from "#app/domain/checkout/session-parameters.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { getEnv } from "#app/infra/env.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import type { Order, OrderLine } from "#app/infra/prisma-client/client.ts";
import { isLivemode, isStripeConfigured, stripe } from "#app/infra/stripe.server.ts";
import { paths } from "#app/paths.ts";

export type OrderWithLines = Order & { lines: OrderLine[] };

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

/** @throws DomainError UNAVAILABLE while no Stripe account is connected. */
export function requireOpenShop(): void {
  if (!isStripeConfigured())
    throw new DomainError("UNAVAILABLE", "This shop is not open yet: its payment account is not connected.");
}

/**
 * Opens the Stripe Checkout Session of an order and notes it. Repeating the call gives the same session: the
 * idempotency key is `order:<id>:<attempt>`. `cancelPath` is where the buyer goes who turns back.
 * @throws DomainError INVALID for an order without a price, CheckoutUnavailable when Stripe did not answer.
 */
export async function openCheckout(
  order: OrderWithLines,
  cancelPath: string,
  now: Date,
): Promise<{ orderId: string; redirectTo: string }> {
  try {
    const session = await openSession(order, cancelPath, now);
    if (!session.url) throw new Error(`Stripe opened ${session.id} without an address.`);
    await noteSession(order, session, now);
    return { orderId: order.id, redirectTo: session.url };
  } catch (error) {
    if (error instanceof DomainError) throw error;
    logger().error({ err: error, order: order.id }, "opening a checkout session failed");
    // Stripe keeps its answer for a key, errors included, so the next try needs a new one. After a broken
    // connection nobody knows whether the session exists: the same key finds out.
    if (!(error instanceof Stripe.errors.StripeConnectionError))
      await db().order.update({ where: { id: order.id }, data: { checkoutAttempt: { increment: 1 } } });
    throw new CheckoutUnavailable(order.id, error);
  }
}

async function openSession(
  order: OrderWithLines,
  cancelPath: string,
  now: Date,
): Promise<Stripe.Checkout.Session> {
  const known = order.customerId
    ? await db().stripeCustomer.findFirst({
        where: { customerId: order.customerId, livemode: isLivemode(), deletedAt: null },
        orderBy: [{ createdAt: "desc" }, { id: "desc" }],
      })
    : null;
  try {
    return await createSession(order, cancelPath, known?.id ?? null);
  } catch (error) {
    if (!known || !isMissingCustomer(error)) throw error;
    // Somebody deleted the customer at Stripe: the buyer gets a new one with this purchase.
    await db().stripeCustomer.updateMany({ where: { id: known.id }, data: { deletedAt: now } });
    const { checkoutAttempt } = await db().order.update({
      where: { id: order.id },
      data: { checkoutAttempt: { increment: 1 } },
    });
    return createSession({ ...order, checkoutAttempt }, cancelPath, null);
  }
}

function isMissingCustomer(error: unknown): boolean {
  return (
    error instanceof Stripe.errors.StripeInvalidRequestError &&
    error.code === "resource_missing" &&
    error.param === "customer"
  );
}

async function createSession(order: OrderWithLines, cancelPath: string, stripeCustomerId: string | null) {
  const line = order.lines[0];
  const price = line?.priceId ? await db().price.findUnique({ where: { id: line.priceId } }) : null;
  if (!line?.stripePriceId || !price)
    throw new DomainError("INVALID", "This order has nothing to pay for. Please choose a plan.");
  const { appUrl } = getEnv();
  return stripe().checkout.sessions.create(
    sessionParameters({
      orderId: order.id,
      customerId: order.customerId,
      email: order.email,
      stripeCustomerId,
      stripePriceId: line.stripePriceId,
      quantity: line.quantity,
      interval: price.interval,
      trialDays: price.trialDays,
      maxQuantity: price.maxQuantity,
      renewsLicenseId: order.renewsLicenseId,
      successUrl: `${appUrl}${paths.checkoutReturn()}?session_id={CHECKOUT_SESSION_ID}`,
      cancelUrl: `${appUrl}${cancelPath}`,
    }),
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
  if (order.stripeSessionId === session.id) return;
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
