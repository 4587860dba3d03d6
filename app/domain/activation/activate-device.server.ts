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
import { type AuditEntry, auditInsert } from "#app/domain/audit-log/audit-log.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { newId } from "#app/domain/ids.ts";
import { inPlainTransaction, type Run } from "#app/infra/db.server.ts";
import { Prisma } from "#app/infra/prisma-client/client.ts";
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
  return inPlainTransaction(async (run) => {
    await run("lock-license", Prisma.sql`SELECT 1 FROM license WHERE id = ${licenseId} FOR UPDATE`);
    const before = await readFoundLicense(run, licenseId, device, now);
    if (!before) throw new DomainError("NOT_FOUND", "There is no license with this id.");
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
      device: await write(run, request, before),
    };
    if (!isHere)
      await run(
        "audit",
        auditInsert(activationRecord(request, before, "activation.created", request.name ?? null)),
      );
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

/**
 * The device with its seat. What the app tells about it replaces what it told before; what it leaves out stays. Its
 * fingerprint stays sealed as it was, bound to the id it had from the first.
 */
async function write(run: Run, request: ActivationRequest, license: FoundLicense): Promise<Device> {
  const { fingerprint, now, name, platform, hostname, appVersion, metadata } = request;
  const id = newId("act", now);
  const [device] = await run<Device>(
    "give-device-a-seat",
    Prisma.sql`
      WITH first AS (
        UPDATE license SET first_activated_at = ${now}::timestamptz, updated_at = ${now}::timestamptz
        WHERE id = ${license.id} AND first_activated_at IS NULL)
      INSERT INTO activation AS known (id, license_id, fingerprint_hmac, fingerprint_ciphertext, name, platform, hostname,
        app_version, metadata, first_seen_at, last_seen_at, lease_until)
      VALUES (${id}, ${license.id}, ${fingerprintLookup(fingerprint)},
        ${encrypt("fingerprint-encryption", fingerprint, id)}, ${name ?? null}, ${platform ?? null}, ${hostname ?? null},
        ${appVersion ?? null}, ${JSON.stringify(metadata ?? {})}::jsonb, ${now}, ${now},
        ${leaseEnd(license.leaseSeconds, now)})
      ON CONFLICT (license_id, fingerprint_hmac) DO UPDATE SET
        name = COALESCE(excluded.name, known.name),
        platform = COALESCE(excluded.platform, known.platform),
        hostname = COALESCE(excluded.hostname, known.hostname),
        app_version = COALESCE(excluded.app_version, known.app_version),
        metadata = CASE WHEN ${metadata !== undefined}::boolean THEN excluded.metadata ELSE known.metadata END,
        last_seen_at = excluded.last_seen_at, lease_until = excluded.lease_until, released_at = NULL
      RETURNING id, name, platform, hostname, app_version AS "appVersion", first_seen_at AS "firstSeenAt",
        last_seen_at AS "lastSeenAt", lease_until AS "leaseUntil", released_at AS "releasedAt"`,
  );
  if (!device) throw new Error("The database gave no device back.");
  return device;
}

function leaseEnd(leaseSeconds: number | null, now: Date): Date | null {
  return leaseSeconds === null ? null : new Date(now.getTime() + leaseSeconds * 1000);
}

/** The record of a device that came or went; its fingerprint is personal and stays out of it. */
export function activationRecord(
  request: { actor: Actor; now: Date; requestId: string | null; reason?: string | null | undefined },
  license: Pick<FoundLicense, "id" | "orderId" | "customerId">,
  event: "activation.created" | "activation.released",
  deviceName: string | null,
): AuditEntry {
  return {
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
  };
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
