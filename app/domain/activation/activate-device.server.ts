import { type Device, hasFreeSeat, isActive } from "#app/domain/activation/device.ts";
import {
  type DeviceQuestion,
  fingerprintLookup,
  readFoundLicense,
} from "#app/domain/activation/find-license.server.ts";
import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import { judgeCheck, type Verdict } from "#app/domain/activation/judge-check.ts";
import { noteSeen } from "#app/domain/activation/note-seen.server.ts";
import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { newId } from "#app/domain/ids.ts";
import { inTransaction, type Tx } from "#app/infra/db.server.ts";
import type { Prisma } from "#app/infra/prisma-client/client.ts";
import { encrypt } from "#app/infra/secrets.server.ts";

export type ActivationRequest = {
  licenseId: string;
  /** What makes the device the same one; 1 to 256 characters. */
  fingerprint: string;
  name?: string | null | undefined;
  platform?: string | null | undefined;
  hostname?: string | null | undefined;
  appVersion?: string | null | undefined;
  metadata?: Prisma.InputJsonObject | undefined;
  actor: Actor;
  now: Date;
  requestId: string | null;
};

export type ActivationOutcome = {
  /** `refused`: see `verdict.code` for why; nothing was written. */
  outcome: "activated" | "already-active" | "refused";
  verdict: Verdict;
  /** The license after it, with the device that was asked about. */
  license: FoundLicense;
};

/**
 * Gives a device a seat. The row of the license is locked while seats are counted, so the limit holds however many ask at
 * once; the same fingerprint again keeps its seat and takes no other. Never throws for a license that is not good.
 * @throws DomainError NOT_FOUND when there is no such license.
 */
export async function activateDevice(request: ActivationRequest): Promise<ActivationOutcome> {
  const { licenseId, fingerprint, now } = request;
  const device: DeviceQuestion = { fingerprint };
  return inTransaction(async (tx) => {
    await tx.$queryRaw`SELECT 1 FROM license WHERE id = ${licenseId} FOR UPDATE`;
    const before = await requireFound(tx, licenseId, device, now);
    const known = before.device;
    const isHere = known !== null && isActive(known, now);
    const verdict = judgeCheck(before, now, {
      device: isHere ? known : newcomer(now),
      refused: !isHere && !hasFreeSeat(before),
    });
    if (!verdict.valid) return { outcome: "refused", verdict, license: before };
    const license: FoundLicense = {
      ...before,
      facts: { ...before.facts, firstActivatedAt: before.facts.firstActivatedAt ?? now },
      activeDevices: before.activeDevices + (isHere ? 0 : 1),
      device: await write(tx, request, before, known),
    };
    if (!isHere) await recordActivation(tx, request, before, "activation.created", request.name ?? null);
    return {
      outcome: isHere ? "already-active" : "activated",
      verdict: judgeCheck(license, now, { device: license.device }),
      license,
    };
  });
}

/** Stands for the device that is about to get a seat. */
function newcomer(now: Date): Device {
  const nothing = { name: null, platform: null, hostname: null, appVersion: null };
  return { id: "", ...nothing, firstSeenAt: now, lastSeenAt: now, leaseUntil: null, releasedAt: null };
}

async function requireFound(
  tx: Tx,
  licenseId: string,
  device: DeviceQuestion,
  now: Date,
): Promise<FoundLicense> {
  const found = await readFoundLicense(tx, licenseId, device, now);
  if (!found) throw new DomainError("NOT_FOUND", "There is no license with this id.");
  return found;
}

/** What the app tells about its device replaces what it told before; what it leaves out stays. */
function told(request: ActivationRequest) {
  const { name, platform, hostname, appVersion, metadata } = request;
  return {
    ...(name != null && { name }),
    ...(platform != null && { platform }),
    ...(hostname != null && { hostname }),
    ...(appVersion != null && { appVersion }),
    ...(metadata && { metadata }),
  };
}

async function write(
  tx: Tx,
  request: ActivationRequest,
  license: FoundLicense,
  known: Device | null,
): Promise<Device> {
  const { fingerprint, now } = request;
  const lease = { leaseUntil: leaseEnd(license.leaseSeconds, now) };
  if (!license.facts.firstActivatedAt)
    await tx.license.updateMany({ where: { id: license.id }, data: { firstActivatedAt: now } });
  if (known)
    return tx.activation.update({
      where: { id: known.id },
      data: { ...told(request), ...lease, lastSeenAt: now, releasedAt: null },
      select: deviceColumns,
    });
  const id = newId("act", now);
  return tx.activation.create({
    data: {
      id,
      licenseId: license.id,
      fingerprintHmac: fingerprintLookup(fingerprint),
      fingerprintCiphertext: encrypt("fingerprint-encryption", fingerprint, id),
      ...told(request),
      ...lease,
      firstSeenAt: now,
      lastSeenAt: now,
    },
    select: deviceColumns,
  });
}

const deviceColumns = {
  id: true,
  name: true,
  platform: true,
  hostname: true,
  appVersion: true,
  firstSeenAt: true,
  lastSeenAt: true,
  leaseUntil: true,
  releasedAt: true,
} satisfies Record<keyof Device, true>;

function leaseEnd(leaseSeconds: number | null, now: Date): Date | null {
  return leaseSeconds === null ? null : new Date(now.getTime() + leaseSeconds * 1000);
}

/** The record of a device that came or went; its fingerprint is personal and stays out of it. */
export async function recordActivation(
  tx: Tx,
  request: { actor: Actor; now: Date; requestId: string | null; reason?: string | null | undefined },
  license: Pick<FoundLicense, "id" | "orderId" | "customerId">,
  event: "activation.created" | "activation.released",
  deviceName: string | null,
): Promise<void> {
  await recordAudit(tx, {
    now: request.now,
    actor: request.actor,
    event,
    target: { type: "license", id: license.id },
    licenseId: license.id,
    orderId: license.orderId,
    customerId: license.customerId,
    reason: request.reason ?? null,
    after: { deviceName },
    requestId: request.requestId,
  });
}

/**
 * Keeps the seat of a floating license for another `leaseSeconds`. A lease that has lapsed is taken up again while there
 * is a free seat. For a license whose seats are not floating it only notes that the device was seen.
 * @returns the same as `activateDevice`; refused with DEVICE_NOT_ACTIVE for a device that is released or unknown.
 */
export async function heartbeat(
  license: FoundLicense,
  request: ActivationRequest,
): Promise<ActivationOutcome> {
  const { now } = request;
  const { device } = license;
  if (!device || device.releasedAt) {
    const verdict = judgeCheck(license, now, { device: null });
    return { outcome: "refused", verdict, license };
  }
  if (license.leaseSeconds !== null) return activateDevice(request);
  noteSeen(device.id, now);
  const verdict = judgeCheck(license, now, { device });
  return { outcome: verdict.valid ? "already-active" : "refused", verdict, license };
}
