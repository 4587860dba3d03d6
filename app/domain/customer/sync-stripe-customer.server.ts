import { z } from "zod";
import { stripeActor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { bindStripeCustomer } from "#app/domain/customer/customer.server.ts";
import type { Tx } from "#app/infra/db.server.ts";
import { stripe } from "#app/infra/stripe.server.ts";

/** A customer as Stripe holds it; one that was deleted has nothing but its id. */
export type StripeCustomerFacts =
  | { id: string; deleted: true }
  | {
      id: string;
      deleted: false;
      livemode: boolean;
      email: string | null;
      name: string | null;
      /** `metadata.portal_user`: which customer of ours it was made for. */
      portalUser: string | null;
    };

const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || null);

const Answer = z.union([
  z.object({ object: z.literal("customer"), id: z.string(), deleted: z.literal(true) }),
  z.object({
    object: z.literal("customer"),
    id: z.string(),
    deleted: z.literal(false).optional(),
    livemode: z.boolean(),
    email: text,
    name: text,
    metadata: z.record(z.string(), z.string()).nullish(),
  }),
]);

/** @throws Stripe errors, a missing one too, and ZodError when the answer is not what Stripe documents. */
export async function fetchStripeCustomer(id: string): Promise<StripeCustomerFacts> {
  const answer = Answer.parse(await stripe().customers.retrieve(id));
  if (answer.deleted) return { id: answer.id, deleted: true };
  const { livemode, email, name, metadata } = answer;
  return { id: answer.id, deleted: false, livemode, email, name, portalUser: metadata?.portal_user ?? null };
}

/**
 * Writes the billing contact of a Stripe customer that is bound to one of ours, and binds one that was made for ours.
 * Neither the sign-in nor the owner of a license moves with it. A second time changes and records nothing.
 * @returns whether the customer is one of ours.
 */
export async function settleStripeCustomer(
  tx: Tx,
  change: { facts: StripeCustomerFacts; cause: string | null; now: Date },
): Promise<boolean> {
  const { facts, cause, now } = change;
  if (!facts.deleted) await bindIfMadeForOurs(tx, facts);
  const row = await tx.stripeCustomer.findUnique({ where: { id: facts.id }, include: { customer: true } });
  if (!row) return false;
  const entry = {
    now,
    actor: stripeActor,
    target: { type: "stripe_customer", id: row.id },
    customerId: row.customerId,
    cause,
  };
  if (facts.deleted) {
    if (row.deletedAt) return true;
    await tx.stripeCustomer.update({ where: { id: row.id }, data: { deletedAt: now } });
    await recordAudit(tx, { ...entry, event: "customer.deleted-at-stripe" });
    return true;
  }
  const { email, name } = facts;
  if (row.email === email && row.name === name) return true;
  await tx.stripeCustomer.update({ where: { id: row.id }, data: { email, name } });
  // Heard of for the first time: what we know of the customer ourselves is what it can differ from.
  const isFirst = row.email === null && row.name === null;
  const before = isFirst
    ? { email: row.customer.email, name: row.customer.name ?? name }
    : { email: row.email, name: row.name };
  if (email?.toLowerCase() !== before.email?.toLowerCase() || name !== before.name)
    await recordAudit(tx, { ...entry, event: "customer.contact-changed", before, after: { email, name } });
  return true;
}

async function bindIfMadeForOurs(
  tx: Tx,
  { id, livemode, portalUser }: Extract<StripeCustomerFacts, { deleted: false }>,
): Promise<void> {
  if (!portalUser?.startsWith("cust_")) return;
  const customer = await tx.customer.findUnique({ where: { id: portalUser }, select: { id: true } });
  if (customer) await bindStripeCustomer(tx, { stripeCustomerId: id, customerId: customer.id, livemode });
}
