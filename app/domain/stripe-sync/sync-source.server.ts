import Stripe from "stripe";
import { ZodError } from "zod";
import { raiseAlert } from "#app/domain/alert/alert.server.ts";
import { fulfillOrder } from "#app/domain/order/fulfill-order.server.ts";
import {
  type ClaimedSource,
  fetchDeadlineSeconds,
  markSourceDirty,
} from "#app/domain/stripe-sync/claim-source.server.ts";
import { DeadlinePassed, withDeadline } from "#app/domain/stripe-sync/deadline.ts";
import {
  fetchCheckoutSession,
  findPaymentOfCharge,
  findSessionOfPayment,
} from "#app/domain/stripe-sync/fetch-checkout-session.server.ts";
import { type SourceRef, sourceOfId } from "#app/domain/stripe-sync/stripe-source.ts";
import { inTransaction, type Tx } from "#app/infra/db.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { isLivemode } from "#app/infra/stripe.server.ts";
import { wakeWorker } from "#app/infra/wake-worker.server.ts";

export type SyncOutcome = "synced" | "not-found" | "handed-on" | "unrelated" | "failed" | "lease-lost";

/**
 * Brings one claimed source in step with Stripe. Fetches after the claim and writes only while the lease is
 * still ours, so an older fetch can never overwrite a newer one. Never throws: a failure is written on the source
 * and its events, and tried again with growing pauses.
 */
export async function syncSource(claim: ClaimedSource, now: Date): Promise<SyncOutcome> {
  try {
    return claim.kind === "checkout_session" ? await syncSession(claim, now) : await handOn(claim, now);
  } catch (error) {
    if (error instanceof LeaseLost) return "lease-lost";
    await recordFailure(claim, error, now);
    return "failed";
  }
}

class LeaseLost extends Error {}

/** A fetch that outlives its lease would be fetched by one worker after the other and never count as failed. */
function inTime<T>(fetching: Promise<T>): Promise<T> {
  return withDeadline(fetching, fetchDeadlineSeconds * 1000, "Stripe took too long to answer.");
}

async function syncSession(claim: ClaimedSource, now: Date): Promise<SyncOutcome> {
  const session = await inTime(fetchCheckoutSession(claim.id));
  if (!session || session.livemode !== isLivemode()) {
    const note = session
      ? "The session belongs to the other mode of the Stripe account."
      : "Stripe does not know this session under the configured key.";
    const nextCheckAt = claim.orderId && !session ? nextLookForOwn(claim, now) : null;
    await inTransaction((tx) => settle(tx, claim, { now, ignoredBecause: note, nextCheckAt }));
    return "not-found";
  }
  await inTransaction(async (tx) => {
    await lockLease(tx, claim);
    const { orderId, nextCheckAt, foreignBecause } = await fulfillOrder(tx, {
      session,
      cause: claim.dirtyCause,
      now,
    });
    await settle(tx, claim, {
      now,
      nextCheckAt,
      ...(orderId && { orderId }),
      ...(foreignBecause && { ignoredBecause: foreignBecause }),
      snapshot: { status: session.status, paymentStatus: session.paymentStatus },
    });
  });
  wakeWorker(); // mails may be due
  return "synced";
}

const hourMs = 3_600_000;
/** How long a session of ours that Stripe does not know is asked for: the key may be another account's by mistake. */
const missingSessionDays = 30;

function nextLookForOwn(claim: ClaimedSource, now: Date): Date | null {
  const age = now.getTime() - claim.createdAt.getTime();
  return age > missingSessionDays * 24 * hourMs ? null : new Date(now.getTime() + 6 * hourMs);
}

/** How long an event may be about a purchase Stripe has not told us of yet. */
const unknownPurchaseHours = 24;

/** A payment or charge is not a purchase: find the purchase it belongs to and pass the hint on. */
async function handOn(claim: ClaimedSource, now: Date): Promise<SyncOutcome> {
  const target = await inTime(findTarget(claim));
  if (!target) {
    const age = now.getTime() - claim.createdAt.getTime();
    const waiting = age < unknownPurchaseHours * hourMs;
    const nextCheckAt = waiting ? new Date(now.getTime() + Math.max(60_000, age)) : null;
    await inTransaction((tx) =>
      settle(tx, claim, {
        now,
        nextCheckAt,
        ...(!waiting && { ignoredBecause: "This payment belongs to no purchase of this shop." }),
        keepEventsOpen: waiting,
      }),
    );
    return "unrelated";
  }
  const hint = { ...target, livemode: isLivemode(), cause: claim.dirtyCause ?? claim.id };
  // With the events in one transaction: a sync of the target in between would leave them open for ever. Whoever
  // locks several sources does it in the order of their ids, as the inbox does, so that no two wait in a circle.
  await inTransaction(async (tx) => {
    if (target.sourceId < claim.id) await markSourceDirty(hint, tx);
    await lockLease(tx, claim);
    if (target.sourceId >= claim.id) await markSourceDirty(hint, tx);
    await tx.stripeEvent.updateMany({
      where: { sourceId: claim.id, processedAt: null, ignoredAt: null },
      data: { sourceId: target.sourceId },
    });
    await settle(tx, claim, { now });
  });
  wakeWorker();
  return "handed-on";
}

async function findTarget(claim: ClaimedSource): Promise<SourceRef | null> {
  if (claim.kind === "charge") return sourceOfId(await findPaymentOfCharge(claim.id));
  const known = await inTransaction((tx) =>
    tx.stripePayment.findUnique({ where: { paymentIntentId: claim.id } }),
  );
  return sourceOfId(known?.sourceId ?? (await findSessionOfPayment(claim.id)));
}

async function lockLease(tx: Tx, claim: ClaimedSource): Promise<void> {
  const held = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM stripe_source WHERE id = ${claim.id} AND lease_token = ${claim.leaseToken} FOR UPDATE`;
  if (held.length === 0) throw new LeaseLost();
}

type Settlement = {
  now: Date;
  orderId?: string;
  nextCheckAt?: Date | null;
  snapshot?: { status: string; paymentStatus: string };
  ignoredBecause?: string;
  keepEventsOpen?: boolean;
};

/**
 * Writes that this source is in step up to the claim, and closes its events. Events that came after the claim are not
 * covered by its fetch; which those are cannot be told, so all stay open until the sync that is owed now.
 */
async function settle(tx: Tx, claim: ClaimedSource, settlement: Settlement): Promise<void> {
  const { now } = settlement;
  const { count } = await tx.stripeSource.updateMany({
    where: { id: claim.id, leaseToken: claim.leaseToken },
    data: {
      syncedSeq: claim.claimedSeq,
      syncedAt: now,
      nextCheckAt: settlement.nextCheckAt ?? null,
      failCount: 0,
      retryAt: null,
      lastError: null,
      leaseToken: null,
      leaseUntil: null,
      ...(settlement.orderId && { orderId: settlement.orderId }),
      ...(settlement.snapshot && { snapshot: settlement.snapshot }),
    },
  });
  if (count === 0) throw new LeaseLost();
  await tx.alert.updateMany({
    where: { kind: "fulfillment-failed", sourceId: claim.id, resolvedAt: null },
    data: { resolvedAt: now },
  });
  if (settlement.keepEventsOpen) return;
  const { dirtySeq } = await tx.stripeSource.findUniqueOrThrow({
    where: { id: claim.id },
    select: { dirtySeq: true },
  });
  if (dirtySeq > claim.claimedSeq) return;
  const done = settlement.ignoredBecause
    ? { ignoredAt: now, note: settlement.ignoredBecause }
    : { processedAt: now, lastError: null };
  await tx.stripeEvent.updateMany({
    where: { sourceId: claim.id, processedAt: null, ignoredAt: null },
    data: { ...done, failedAt: null, attempts: { increment: 1 } },
  });
}

const retryPausesSeconds = [5, 30, 120, 600, 1800, 3600];
/** From here on a person is told. */
const alertAfterFailures = 4;

async function recordFailure(claim: ClaimedSource, error: unknown, now: Date): Promise<void> {
  const message = failureMessage(error);
  logger().error({ err: error, source: claim.id }, "syncing a source failed");
  await inTransaction(async (tx) => {
    await lockLease(tx, claim);
    const source = await tx.stripeSource.findUniqueOrThrow({ where: { id: claim.id } });
    const { failCount, retryAt } = nextTry(source, now);
    await tx.stripeSource.update({
      where: { id: claim.id },
      data: { failCount, retryAt, lastError: message, leaseToken: null, leaseUntil: null },
    });
    await tx.stripeEvent.updateMany({
      where: { sourceId: claim.id, processedAt: null, ignoredAt: null },
      data: { failedAt: now, lastError: message, attempts: { increment: 1 } },
    });
    const told = await tx.alert.findFirst({
      where: { kind: "fulfillment-failed", sourceId: claim.id, resolvedAt: null },
    });
    if (!told && (failCount >= alertAfterFailures || !mayPass(error)))
      await raiseAlert(tx, {
        now,
        kind: "fulfillment-failed",
        causeKey: `${claim.id}:${claim.claimedSeq}`,
        message: `${claim.id} could not be brought in step with Stripe: ${message} It is tried again by itself, at least once an hour.`,
        sourceId: claim.id,
        orderId: source.orderId,
      });
  }).catch((failure) => {
    if (failure instanceof LeaseLost) return; // whoever has the lease now records what becomes of it
    logger().error({ err: failure, source: claim.id }, "recording a failed sync failed too");
  });
}

/** A try before its time, because somebody looks at the return page, neither counts nor moves the next one. */
function nextTry(
  source: { failCount: number; retryAt: Date | null },
  now: Date,
): { failCount: number; retryAt: Date } {
  const { retryAt } = source;
  if (retryAt && retryAt > now) return { failCount: source.failCount, retryAt };
  const failCount = source.failCount + 1;
  const pause = retryPausesSeconds[Math.min(failCount, retryPausesSeconds.length) - 1] ?? 3600;
  const jitter = 0.9 + Math.random() * 0.2;
  return { failCount, retryAt: new Date(now.getTime() + pause * jitter * 1000) };
}

/** Whether the same call may well succeed later without anybody's help. */
function mayPass(error: unknown): boolean {
  if (error instanceof Stripe.errors.StripeAuthenticationError) return false;
  if (error instanceof Stripe.errors.StripePermissionError) return false;
  return error instanceof Stripe.errors.StripeError || error instanceof DeadlinePassed;
}

function failureMessage(error: unknown): string {
  if (error instanceof ZodError) {
    const issue = error.issues[0];
    return `Stripe's answer is not as documented: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}.`;
  }
  if (error instanceof Stripe.errors.StripeAuthenticationError)
    return "Stripe refused the key: check STRIPE_SECRET_KEY.";
  if (error instanceof Error) return `${error.message.split("\n")[0] ?? ""}`.slice(0, 500);
  return "Unknown error.";
}
