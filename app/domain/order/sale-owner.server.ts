import { stripeActor } from "#app/domain/audit-log/audit-event.ts";
import { type CustomerRow, findOrCreateCustomer } from "#app/domain/customer/customer.server.ts";
import type { Tx } from "#app/infra/db.server.ts";

export type SaleParties = {
  /** The owner the order already has. */
  customerId: string | null;
  /** `client_reference_id` of the session. */
  clientReferenceId: string | null;
  /** Null, like the address, while the sale is not complete. */
  stripeCustomerId: string | null;
  /** What the buyer typed, or what Stripe has. */
  email: string | null;
  name: string | null;
  cause: string | null;
  now: Date;
};

/**
 * Who owns what was bought, in this order: whoever the order says; the customer named by reference (signed in when
 * buying); whoever this Stripe customer was bound to first; the typed address. A later change of the address at Stripe
 * therefore moves nothing.
 */
export async function findSaleOwner(tx: Tx, parties: SaleParties): Promise<CustomerRow | null> {
  if (parties.customerId) return tx.customer.findUnique({ where: { id: parties.customerId } });
  const named = parties.clientReferenceId?.startsWith("cust_")
    ? await tx.customer.findUnique({ where: { id: parties.clientReferenceId } })
    : null;
  if (named) return named;
  const bound = parties.stripeCustomerId
    ? await tx.stripeCustomer.findUnique({
        where: { id: parties.stripeCustomerId },
        select: { customer: true },
      })
    : null;
  if (bound) return bound.customer;
  const { email, name, cause, now } = parties;
  if (!email) return null;
  return findOrCreateCustomer(tx, { email, name, actor: stripeActor, cause, now });
}
