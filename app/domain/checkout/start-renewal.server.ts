import {
  type OrderWithLines,
  openCheckout,
  requireOpenShop,
} from "#app/domain/checkout/open-checkout.server.ts";
import { recordOrder } from "#app/domain/checkout/record-order.server.ts";
import { type RenewalOffer, renewalOffer } from "#app/domain/checkout/renewal-offer.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { getPriceForSale, type PriceForSale } from "#app/domain/product/catalog.queries.server.ts";
import { canBeId } from "#app/domain/search-text.ts";
import { db, inTransaction, type Tx } from "#app/infra/db.server.ts";
import { paths } from "#app/paths.ts";

export type RenewalRequest = {
  licenseId: string;
  /** Who is signed in; only the owner renews. */
  customerId: string;
  browserNonce: string;
  now: Date;
};

/** What renewing this license of this customer would bring and cost; null when it is unknown or somebody else's. */
export async function getRenewalOffer(
  request: Pick<RenewalRequest, "licenseId" | "customerId" | "now">,
): Promise<RenewalOffer | null> {
  return (await findRenewal(request))?.offer ?? null;
}

/**
 * Opens a Checkout that prolongs this dated license instead of making another: same key, later end. While a renewal of
 * it is open, repeating this leads to the same payment page, so that no double click pays twice.
 * @throws DomainError NOT_FOUND for a license that is not this customer's, INVALID with the reason why it cannot be
 *   renewed, UNAVAILABLE without Stripe, CheckoutUnavailable when Stripe did not answer.
 */
export async function startRenewal(
  request: RenewalRequest,
): Promise<{ orderId: string; redirectTo: string }> {
  requireOpenShop();
  const { licenseId, customerId, browserNonce, now } = request;
  const renewal = await findRenewal(request);
  if (!renewal) throw new DomainError("NOT_FOUND", "There is no license with this id.");
  const { offer, price, email } = renewal;
  if (!offer.ok) throw new DomainError("INVALID", offer.problem);
  if (!price) throw new Error("A renewal was offered without a price.");
  const order = await inTransaction(async (tx) => {
    // One after the other: two clicks at once find the same order.
    await tx.$queryRaw`SELECT 1 FROM license WHERE id = ${licenseId} FOR UPDATE`;
    return (
      (await findOpenOrder(tx, request, price, offer.seats)) ??
      recordOrder(tx, {
        price,
        quantity: offer.seats,
        customerId,
        email,
        browserNonce,
        renewsLicenseId: licenseId,
        now,
      })
    );
  });
  return openCheckout(order, paths.portal.license(licenseId), now);
}

async function findRenewal(request: Pick<RenewalRequest, "licenseId" | "customerId" | "now">) {
  const { licenseId, customerId, now } = request;
  if (!canBeId(licenseId)) return null;
  const license = await db().license.findFirst({
    where: { id: licenseId, customerId },
    include: { holds: true, customer: true, policy: true, renewalOrders: { where: awaiting, take: 1 } },
  });
  if (!license?.customer) return null;
  const sold = await db().price.findFirst({
    where: { policyId: license.policyId, interval: null, archivedAt: null, stripePriceId: { not: null } },
    orderBy: [{ position: "asc" }, { id: "asc" }],
  });
  const price = sold && (await getPriceForSale(sold.id));
  const offer = renewalOffer(
    {
      ...license,
      holds: license.holds.map(({ cause }) => cause),
      awaitsPayment: license.renewalOrders.length > 0,
    },
    price && { amount: price.amount, currency: price.currency, termDays: license.policy.termDays },
    now,
  );
  return { offer, price, email: license.customer.email };
}

const awaiting = { awaitingPaymentAt: { not: null }, paidAt: null, paymentFailedAt: null };

/** Shorter than a Checkout Session lives, so that what is found can still be paid. */
const openForMs = 23 * 3_600_000;

/** A renewal of this license that was begun and neither paid nor given up. */
function findOpenOrder(
  tx: Tx,
  { licenseId, customerId, now }: RenewalRequest,
  price: PriceForSale,
  quantity: number,
): Promise<OrderWithLines | null> {
  return tx.order.findFirst({
    where: {
      renewsLicenseId: licenseId,
      customerId,
      createdAt: { gt: new Date(now.getTime() - openForMs) },
      paidAt: null,
      awaitingPaymentAt: null,
      paymentFailedAt: null,
      expiredAt: null,
      lines: { some: { priceId: price.id, quantity, stripePriceId: price.stripePriceId } },
    },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    include: { lines: true },
  });
}
