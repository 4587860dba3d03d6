import Stripe from "stripe";
import { ZodError } from "zod";
import { raiseAlert } from "#app/domain/alert/alert.server.ts";
import type { ClaimedSource } from "#app/domain/stripe-sync/claim-source.server.ts";
import { DeadlinePassed } from "#app/domain/stripe-sync/deadline.ts";
import { LeaseLost, lockLease } from "#app/domain/stripe-sync/settle-source.server.ts";
import { inTransaction } from "#app/infra/db.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { retryAfterSeconds } from "#app/infra/stripe.server.ts";

const retryPausesSeconds = [5, 30, 120, 600, 1800, 3600];
/** From here on a person is told. */
const alertAfterFailures = 4;

/** Writes a failed sync on the source and its events, and when to try again. Never throws. */
export async function recordFailure(claim: ClaimedSource, error: unknown, now: Date): Promise<void> {
  const message = failureMessage(error);
  logger().error({ err: error, source: claim.id }, "syncing a source failed");
  await inTransaction(async (tx) => {
    await lockLease(tx, claim);
    const source = await tx.stripeSource.findUniqueOrThrow({
      where: { id: claim.id },
      omit: { snapshot: true },
    });
    const { failCount, retryAt } = nextTry(source, error, now);
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
  error: unknown,
  now: Date,
): { failCount: number; retryAt: Date } {
  const { retryAt } = source;
  if (retryAt && retryAt > now) return { failCount: source.failCount, retryAt };
  const failCount = source.failCount + 1;
  const pause = retryPausesSeconds[Math.min(failCount, retryPausesSeconds.length) - 1] ?? 3600;
  const jitter = 0.9 + Math.random() * 0.2;
  const seconds = Math.max(pause * jitter, retryAfterSeconds(error) ?? 0);
  return { failCount, retryAt: new Date(now.getTime() + seconds * 1000) };
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
  const lines = error instanceof Error ? error.message.trim().split("\n") : [];
  // Prisma begins with the place in our code and ends with what the database said.
  const isPrisma = error instanceof Error && error.name.startsWith("PrismaClient");
  return (isPrisma ? lines.at(-1) : lines[0])?.trim().slice(0, 500) || "Unknown error.";
}
