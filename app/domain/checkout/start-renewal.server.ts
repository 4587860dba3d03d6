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
import { db } from "#app/infra/db.server.ts";
import { sha256Hex } from "#app/infra/secrets.server.ts";
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
 * Opens a Checkout that prolongs this dated license instead of making another: same key, later end. Repeating it
 * while the payment page could not be opened goes on with the same order.
 * @throws DomainError NOT_FOUND for a license that is not this customer's, INVALID with the reason why it cannot be
 *   renewed, UNAVAILABLE without Stripe, CheckoutUnavailable when Stripe did not answer.
 */
export async function startRenewal(
  request: RenewalRequest,
): Promise<{ orderId: string; redirectTo: string }> {
  requireOpenShop();
  const renewal = await findRenewal(request);
  if (!renewal) throw new DomainError("NOT_FOUND", "There is no license with this id.");
  const { offer, price, email } = renewal;
  if (!offer.ok) throw new DomainError("INVALID", offer.problem);
  if (!price) throw new Error("A renewal was offered without a price.");
  const order =
    (await findOrderToRetry(request, price, offer.seats)) ??
    (await recordOrder({
      price,
      quantity: offer.seats,
      customerId: request.customerId,
      email,
      browserNonce: request.browserNonce,
      renewsLicenseId: request.licenseId,
      now: request.now,
    }));
  return openCheckout(order, paths.portal.license(request.licenseId), request.now);
}

async function findRenewal({
  licenseId,
  customerId,
  now,
}: Pick<RenewalRequest, "licenseId" | "customerId" | "now">) {
  if (!canBeId(licenseId)) return null;
  const license = await db().license.findFirst({
    where: { id: licenseId, customerId },
    include: { holds: true, customer: true, policy: true },
  });
  if (!license) return null;
  const sold = await db().price.findFirst({
    where: { policyId: license.policyId, interval: null, archivedAt: null, stripePriceId: { not: null } },
    orderBy: [{ position: "asc" }, { id: "asc" }],
  });
  const price = sold && (await getPriceForSale(sold.id));
  const offer = renewalOffer(
    { ...license, holds: license.holds.map(({ cause }) => cause) },
    price && { amount: price.amount, currency: price.currency, termDays: license.policy.termDays },
    now,
  );
  return { offer, price, email: license.customer.email };
}

const dayMs = 86_400_000;

/** The order of this browser whose payment page could not be opened, so that trying again makes no second one. */
function findOrderToRetry(
  { licenseId, customerId, browserNonce, now }: RenewalRequest,
  price: PriceForSale,
  quantity: number,
): Promise<OrderWithLines | null> {
  return db().order.findFirst({
    where: {
      renewsLicenseId: licenseId,
      customerId,
      browserNonceHash: sha256Hex(browserNonce),
      stripeSessionId: null,
      createdAt: { gt: new Date(now.getTime() - dayMs) },
      lines: { some: { priceId: price.id, quantity, stripePriceId: price.stripePriceId } },
    },
    orderBy: { createdAt: "desc" },
    include: { lines: true },
  });
}
