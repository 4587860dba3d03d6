import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { newId } from "#app/domain/ids.ts";
import type { Tx } from "#app/infra/db.server.ts";

export type CustomerRow = { id: string; email: string; name: string | null };

/** Addresses are compared trimmed and in lower case. */
export function normalizeEmail(typed: string): string {
  return typed.trim().toLowerCase();
}

/**
 * The customer of this address, made when there is none; two that ask at once get the same one. A name is
 * only filled in where none is known.
 */
export async function findOrCreateCustomer(
  tx: Tx,
  input: { email: string; name?: string | null; actor: Actor; cause?: string | null; now: Date },
): Promise<CustomerRow> {
  const email = normalizeEmail(input.email);
  const id = newId("cust", input.now);
  const { count } = await tx.customer.createMany({
    data: [{ id, email, name: input.name ?? null, createdAt: input.now }],
    skipDuplicates: true,
  });
  if (count === 1)
    await recordAudit(tx, {
      now: input.now,
      actor: input.actor,
      event: "customer.created",
      target: { type: "customer", id },
      customerId: id,
      cause: input.cause ?? null,
    });
  const customer = await tx.customer.findUniqueOrThrow({ where: { email } });
  if (!customer.name && input.name)
    return tx.customer.update({ where: { id: customer.id }, data: { name: input.name } });
  return customer;
}

/** Remembers which customer a Stripe customer is; the first binding stays. */
export async function bindStripeCustomer(
  tx: Tx,
  binding: {
    stripeCustomerId: string;
    customerId: string;
    livemode: boolean;
    email?: string | null;
    name?: string | null;
  },
): Promise<void> {
  const { stripeCustomerId, ...columns } = binding;
  await tx.stripeCustomer.createMany({
    data: [{ id: stripeCustomerId, ...columns }],
    skipDuplicates: true,
  });
}
