import { z } from "zod";
import { markSourcesDirty } from "#app/domain/stripe-sync/claim-source.server.ts";
import { flagPayment } from "#app/domain/stripe-sync/flagged-payments.server.ts";
import { idOf, pagesOf } from "#app/domain/stripe-sync/stripe-answers.server.ts";
import { type SourceRef, sourceOfId } from "#app/domain/stripe-sync/stripe-source.ts";
import {
  lastSweepAt,
  lookBackFrom,
  noteSweep,
  SweepStopped,
  unixSeconds,
} from "#app/domain/stripe-sync/sweep-cursor.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { isLivemode, isStripeConfigured, stripe } from "#app/infra/stripe.server.ts";

export const reversalsCursor = "reversals";

/** Looked at again, because a refund fails or a dispute is decided after it began. */
const overlapMs = 3 * 86_400_000;

const Listed = z
  .object({
    object: z.enum(["refund", "dispute", "radar.early_fraud_warning"]),
    id: z.string(),
    payment_intent: idOf,
    charge: idOf,
    status: z.string().nullish(),
    actionable: z.boolean().nullish(),
  })
  .transform(({ id, payment_intent, charge, status, actionable }) => ({
    id,
    paymentId: payment_intent ?? charge,
    chargeId: charge,
    /** What a sync would see change: the status, or whether anything can still be done about a warning. */
    state: String(status ?? actionable ?? "succeeded"),
  }));
type Listed = z.infer<typeof Listed>;

/**
 * Finds refunds, disputes and fraud warnings no webhook told us of, in all that Stripe lists of the last days, and marks
 * the purchases whose last sync had not seen them so. Those that are still open are looked at every day by their
 * purchase's own timer. Safe to run at any time and in any number of processes.
 * @returns how many sources were marked.
 */
export async function sweepReversals(now: Date, isStopping = () => false): Promise<number> {
  if (!isStripeConfigured()) return 0;
  const since = lookBackFrom(await lastSweepAt(reversalsCursor), now, overlapMs);
  const list = { created: { gte: unixSeconds(since) }, limit: 100 };
  const lists = [
    pagesOf(Listed, (after) => stripe().refunds.list({ ...list, ...after })),
    pagesOf(Listed, (after) => stripe().disputes.list({ ...list, ...after })),
    pagesOf(Listed, (after) => stripe().radar.earlyFraudWarnings.list({ ...list, ...after })),
  ];
  let marked = 0;
  for (const pages of lists)
    for await (const page of pages) {
      if (isStopping()) throw new SweepStopped();
      marked += await markPurchasesOf(page, now);
    }
  await noteSweep(reversalsCursor, now);
  return marked;
}

async function markPurchasesOf(page: readonly Listed[], now: Date): Promise<number> {
  const payments = await paymentsOf(page);
  const seen = await seenBy([...new Set([...payments.values()].map(({ sourceId }) => sourceId))]);
  const marks: SourceRef[] = [];
  const strangers: SourceRef[] = [];
  for (const listed of page) {
    const payment = payments.get(listed.paymentId ?? "") ?? payments.get(listed.chargeId ?? "");
    const purchase = sourceOfId(payment?.sourceId);
    const own = sourceOfId(listed.id);
    if (payment && purchase) {
      if (seen.get(`${purchase.sourceId} ${listed.id}`) === listed.state) continue;
      const flag = { paymentId: payment.paymentIntentId, sourceId: purchase.sourceId, now };
      await inTransaction((tx) => flagPayment(tx, flag));
      marks.push(purchase);
    } else if (own) strangers.push(own);
  }
  // Of a payment we do not know, the refund itself is followed to its purchase, once: most are of other sales.
  const looked = await db().stripeSource.findMany({
    where: { id: { in: strangers.map(({ sourceId }) => sourceId) } },
    select: { id: true },
  });
  const known = new Set(looked.map(({ id }) => id));
  marks.push(...strangers.filter(({ sourceId }) => !known.has(sourceId)));
  await markSourcesDirty(marks, { livemode: isLivemode(), cause: "sweep" });
  return new Set(marks.map(({ sourceId }) => sourceId)).size;
}

type KnownPayment = { paymentIntentId: string; chargeId: string | null; sourceId: string };

/** The payments we have a record of, by their own id and by that of their charge. */
async function paymentsOf(page: readonly Listed[]): Promise<Map<string, KnownPayment>> {
  const ids = page.flatMap(({ paymentId, chargeId }) => [paymentId, chargeId]).filter((id) => id !== null);
  const rows = await db().stripePayment.findMany({
    where: { OR: [{ paymentIntentId: { in: ids } }, { chargeId: { in: ids } }] },
    select: { paymentIntentId: true, chargeId: true, sourceId: true },
  });
  return new Map(
    rows.flatMap((row) => [
      [row.paymentIntentId, row],
      ...(row.chargeId ? [[row.chargeId, row] as const] : []),
    ]),
  );
}

const Payment = z.object({
  refunds: z.array(z.object({ id: z.string(), status: z.string() })),
  disputes: z.array(z.object({ id: z.string(), status: z.string() })),
  fraudWarnings: z.array(z.object({ id: z.string(), actionable: z.boolean() })),
});
/** Of a session and of a subscription alike. */
const Snapshot = z.object({
  payment: Payment.nullish(),
  invoices: z.array(z.object({ payments: z.array(Payment) })).nullish(),
});

/** How the last sync of each source saw each refund, dispute and warning: `"<source> <id>"` to its state. */
async function seenBy(sourceIds: string[]): Promise<Map<string, string>> {
  const sources = await db().stripeSource.findMany({
    where: { id: { in: sourceIds } },
    select: { id: true, snapshot: true },
  });
  return new Map(
    sources.flatMap(({ id, snapshot }) => {
      const parsed = Snapshot.safeParse(snapshot);
      if (!parsed.success) return [];
      const { payment, invoices } = parsed.data;
      const payments = [...(payment ? [payment] : []), ...(invoices ?? []).flatMap((each) => each.payments)];
      return payments.flatMap(({ refunds, disputes, fraudWarnings }) => [
        ...[...refunds, ...disputes].map((each): [string, string] => [`${id} ${each.id}`, each.status]),
        ...fraudWarnings.map((each): [string, string] => [`${id} ${each.id}`, String(each.actionable)]),
      ]);
    }),
  );
}
