import { z } from "zod";
import { raiseAlert } from "#app/domain/alert/alert.server.ts";
import type { ClaimedSource } from "#app/domain/stripe-sync/claim-source.server.ts";
import { inTime, lockLease, settle } from "#app/domain/stripe-sync/settle-source.server.ts";
import { missingIsNull } from "#app/domain/stripe-sync/stripe-answers.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { stripe } from "#app/infra/stripe.server.ts";

const Price = z.object({ object: z.literal("price"), id: z.string(), active: z.boolean() });

/** Tells staff when a price that is on sale here can no longer be bought at Stripe. Licenses never change by it. */
export async function syncPrice(claim: ClaimedSource, now: Date): Promise<"synced" | "unrelated"> {
  const onSale = { stripePriceId: claim.id, archivedAt: null };
  if (!(await db().price.findFirst({ where: onSale }))) {
    const ignoredBecause = "This price is not on sale here.";
    await inTransaction((tx) => settle(tx, claim, { now, ignoredBecause }));
    return "unrelated";
  }
  const answer = await inTime(stripe().prices.retrieve(claim.id).catch(missingIsNull));
  const isActive = answer !== null && Price.parse(answer).active;
  await inTransaction(async (tx) => {
    await lockLease(tx, claim);
    const told = { kind: "price-vanished", sourceId: claim.id, resolvedAt: null };
    // Read again here: a catalog that was applied meanwhile may have taken it off sale.
    const price = await tx.price.findFirst({ where: onSale, include: { policy: true } });
    if (isActive || !price) await tx.alert.updateMany({ where: told, data: { resolvedAt: now } });
    else if (!(await tx.alert.findFirst({ where: told })))
      await raiseAlert(tx, {
        now,
        kind: "price-vanished",
        causeKey: `${claim.id}:${claim.claimedSeq}`,
        message: `Price ${claim.id} of policy ${price.policy.slug} is ${answer ? "archived" : "gone"} in Stripe, so nobody can buy it. Activate it in Stripe, or take it out of the catalog file and apply that.`,
        sourceId: claim.id,
      });
    await settle(tx, claim, { now });
  });
  return "synced";
}
