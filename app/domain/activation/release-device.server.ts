import { activationRecord } from "#app/domain/activation/activate-device.server.ts";
import { fingerprintLookup } from "#app/domain/activation/find-license.server.ts";
import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { seatsInUse } from "#app/domain/license/seats-in-use.ts";
import { inTransaction, type Tx } from "#app/infra/db.server.ts";

type Release = {
  licenseId: string;
  actor: Actor;
  reason?: string | null | undefined;
  now: Date;
  requestId: string | null;
};

/**
 * Frees the seat of one device. Safe to repeat: a device that is released already, or unknown, gives `released: false`.
 * @throws DomainError NOT_FOUND when there is no such license.
 */
export async function releaseDevice(
  request: Release & { device: { fingerprint: string } | { activationId: string } },
): Promise<{ released: boolean; activeDevices: number }> {
  const which =
    "fingerprint" in request.device
      ? { fingerprintHmac: fingerprintLookup(request.device.fingerprint) }
      : { id: request.device.activationId };
  const count = await release(request, which);
  return { released: count.released > 0, activeDevices: count.activeDevices };
}

/** Frees every seat of a license. */
export function releaseAllDevices(request: Release): Promise<{ released: number; activeDevices: number }> {
  return release(request, {});
}

function release(
  request: Release,
  which: { fingerprintHmac?: string; id?: string },
): Promise<{ released: number; activeDevices: number }> {
  const { licenseId, now } = request;
  return inTransaction(async (tx) => {
    await tx.$queryRaw`SELECT 1 FROM license WHERE id = ${licenseId} FOR UPDATE`;
    const license = await tx.license.findUnique({
      where: { id: licenseId },
      select: { id: true, orderId: true, customerId: true },
    });
    if (!license) throw new DomainError("NOT_FOUND", "There is no license with this id.");
    const devices = await tx.activation.findMany({
      where: { licenseId, releasedAt: null, ...which },
      select: { id: true, name: true },
    });
    await tx.activation.updateMany({
      where: { id: { in: devices.map(({ id }) => id) } },
      data: { releasedAt: now, leaseUntil: null },
    });
    for (const { name } of devices)
      await recordAudit(tx, activationRecord(request, license, "activation.released", name));
    return { released: devices.length, activeDevices: await countActive(tx, licenseId, now) };
  });
}

function countActive(tx: Tx, licenseId: string, now: Date): Promise<number> {
  return tx.activation.count({ where: { licenseId, ...seatsInUse(now) } });
}
