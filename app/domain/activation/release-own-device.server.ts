import { isActive } from "#app/domain/activation/device.ts";
import { releaseDevice } from "#app/domain/activation/release-device.server.ts";
import {
  judgeRelease,
  type ReleasePolicy,
  type ReleaseVerdict,
  releaseRefusalWords,
  releasesCountFrom,
} from "#app/domain/activation/release-rule.ts";
import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { canBeId } from "#app/domain/search-text.ts";
import { inTransaction, type Tx } from "#app/infra/db.server.ts";

type OwnRelease = {
  licenseId: string;
  customerId: string;
  activationId: string;
  actor: Actor & { type: "customer" };
  now: Date;
  requestId: string | null;
};

/**
 * Frees the seat of a device for the owner of its license, as often as the policy says now. The row of the license is
 * locked while releases are counted, so of two clicks at once only one counts. Safe to repeat: a device whose seat is free
 * already uses up nothing.
 * @throws DomainError NOT_FOUND for a license or device that is not theirs; RATE_LIMITED with
 * `context.retryAfterSeconds`, or INVALID when the policy lets nobody but staff release devices.
 */
export function releaseOwnDevice(request: OwnRelease): Promise<{ message: string }> {
  const { licenseId, customerId, activationId, now } = request;
  return inTransaction(async (tx) => {
    const policy = await lockOwnLicense(tx, { licenseId, customerId });
    const device = policy && canBeId(activationId) ? await findDevice(tx, licenseId, activationId) : null;
    if (!policy || !device)
      throw new DomainError("NOT_FOUND", "There is no such device. Load the page again.");
    const name = device.name ?? "The device";
    if (!isActive(device, now)) return { message: `${name} does not use a seat any more.` };
    const verdict = judgeRelease({ ...policy, releases: await ownReleases(tx, licenseId, policy, now), now });
    if (!verdict.allowed) throw refusal(verdict, now);
    const { actor, requestId } = request;
    await releaseDevice({ licenseId, device: { activationId }, actor, now, requestId });
    return { message: `${name} is released. Its seat is free for another device.` };
  });
}

/** The policy of a license of this customer, whose row stays locked until the transaction ends. */
async function lockOwnLicense(
  tx: Tx,
  { licenseId, customerId }: { licenseId: string; customerId: string },
): Promise<ReleasePolicy | null> {
  if (!canBeId(licenseId)) return null;
  await tx.$queryRaw`SELECT 1 FROM license WHERE id = ${licenseId} AND customer_id = ${customerId} FOR UPDATE`;
  return readReleasePolicy(tx, { licenseId, customerId });
}

/** How often the owner may release a device by the policy as it is now; null when the license is not theirs. */
export async function readReleasePolicy(
  tx: Pick<Tx, "license">,
  { licenseId, customerId }: { licenseId: string; customerId: string },
): Promise<ReleasePolicy | null> {
  const license = await tx.license.findUnique({
    where: { id: licenseId, customerId },
    select: {
      policy: { select: { releaseLimit: true, releaseWindowDays: true, releaseCooldownHours: true } },
    },
  });
  if (!license) return null;
  const { releaseLimit: limit, releaseWindowDays: windowDays, releaseCooldownHours } = license.policy;
  return { limit, windowDays, cooldownHours: releaseCooldownHours };
}

/** When customers released devices of a license, as far back as it matters. What staff and apps release is not theirs. */
export async function ownReleases(
  tx: Pick<Tx, "auditLog">,
  licenseId: string,
  policy: ReleasePolicy,
  now: Date,
): Promise<Date[]> {
  const since = releasesCountFrom(policy, now);
  const rows = await tx.auditLog.findMany({
    where: { licenseId, event: "activation.released", actorType: "customer", at: { gt: since } },
    select: { at: true },
  });
  return rows.map(({ at }) => at);
}

function findDevice(tx: Tx, licenseId: string, activationId: string) {
  return tx.activation.findUnique({
    where: { id: activationId, licenseId },
    select: { name: true, leaseUntil: true, releasedAt: true },
  });
}

function refusal(verdict: ReleaseVerdict, now: Date): DomainError {
  const words = releaseRefusalWords(verdict);
  if (!verdict.retryAt) return new DomainError("INVALID", words);
  const retryAfterSeconds = Math.ceil((verdict.retryAt.getTime() - now.getTime()) / 1000);
  return new DomainError("RATE_LIMITED", words, { context: { retryAfterSeconds } });
}
