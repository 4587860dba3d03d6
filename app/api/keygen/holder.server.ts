import { authenticate } from "#app/api/authenticate.server.ts";
import type { Call } from "#app/api/endpoint.server.ts";
import { keyAsIssued } from "#app/api/key-as-issued.server.ts";
import { KeygenRefusal, notFound, refusalOf } from "#app/api/keygen/keygen-refusal.ts";
import type { ShownLicense } from "#app/api/keygen/resources.ts";
import { count, lookUpLicense } from "#app/api/look-up-license.server.ts";
import { Problem } from "#app/api/problem.ts";
import { type Device, isActive, maxFingerprintLength } from "#app/domain/activation/device.ts";
import type { DeviceQuestion } from "#app/domain/activation/find-license.server.ts";
import { findLicenseById } from "#app/domain/activation/find-license-by-id.server.ts";
import { judgeCheck } from "#app/domain/activation/judge-check.ts";
import { idOf, uuidOf } from "#app/domain/ids.ts";
import { findManagedLicense } from "#app/domain/license/managed-license.queries.server.ts";
import type { ManagedLicense } from "#app/domain/license/managed-license.ts";

/** The license key that a request proves itself with: `License <key>`, or `Basic` with the user "license". */
export function keyIn(authorization: string | undefined): string | null {
  const [, scheme = "", text = ""] = /^(License|Basic) +(.{1,256})$/i.exec(authorization ?? "") ?? [];
  if (scheme.toLowerCase() === "license") return text;
  const decoded = Buffer.from(text, "base64").toString("utf8");
  return scheme && decoded.startsWith("license:") ? decoded.slice("license:".length) : null;
}

/**
 * The license whose key the request carries. A suspended or revoked one may do nothing at all, as at Keygen.
 * @throws Problem unauthorized, forbidden
 */
export async function requireHolder(call: Call, device: DeviceQuestion = null): Promise<ShownLicense> {
  const key = keyIn(call.headers.authorization);
  if (key === null)
    throw new KeygenRefusal("unauthorized", {
      detail: "You must send a license key, as `Authorization: License <key>`",
      code: "TOKEN_INVALID",
    });
  const found = await lookUpLicense(call, { key, device });
  if (!found)
    throw new KeygenRefusal("unauthorized", { detail: "License key is invalid", code: "LICENSE_INVALID" });
  const { code } = judgeCheck(found, call.now);
  if (code === "SUSPENDED" || code === "REVOKED") throw refusalOf(code, found.deviceLimit);
  return { ...found, key: keyAsIssued(found, key), showsMetadata: false };
}

/** The same for what only a license that works is given: seats and files. An expired one may look and give back. */
export async function requireWorkingHolder(call: Call, device: DeviceQuestion = null): Promise<ShownLicense> {
  const license = await requireHolder(call, device);
  requireWorking(license, call.now);
  return license;
}

/** @throws Problem forbidden */
export function requireWorking(license: ShownLicense, now: Date): void {
  const { valid, code } = judgeCheck(license, now);
  if (!valid) throw refusalOf(code, license.deviceLimit);
}

/**
 * The license an address names, by UUID or key: for whoever holds its key, or an API key that may read licenses.
 * @throws Problem unauthorized, forbidden, not_found
 */
export async function requireLicense(
  call: Call,
  id: string,
  device: DeviceQuestion = null,
): Promise<ShownLicense> {
  const { now } = call;
  if (/^Bearer /i.test(call.headers.authorization ?? "") || call.headers["x-api-key"] !== undefined) {
    const caller = await authenticate(call.headers, "licenses:read", now);
    count(call, "management-key", caller.id);
    const managed = await findManagedLicense(id, now);
    const found = managed && (await findLicenseById({ licenseId: managed.id, device }, now));
    if (!found) throw notFound("license");
    return { ...found, key: requireKey(managed), showsMetadata: true };
  }
  const license = await requireHolder(call, device);
  const isIt = [license.id, uuidOf(license.id), license.key.toLowerCase()].includes(id.toLowerCase());
  if (!isIt) throw notFound("license");
  return license;
}

/**
 * The key of a license, which Keygen's clients always get and files are encrypted with.
 * @throws Problem unavailable where it was sealed under another master key
 */
export function requireKey({ key }: Pick<ManagedLicense, "key">): string {
  if (key !== null) return key;
  throw new Problem("unavailable", "The key of this license cannot be read. The server's log says why.");
}

/** The device an address names, by UUID or fingerprint: a fingerprint may look like a UUID, so it asks for both. */
export function machineQuestion(id: string): { fingerprint: string; activationId: string } {
  return { fingerprint: id.slice(0, maxFingerprintLength), activationId: idOf("act", id) ?? "" };
}

/**
 * The device that was asked about. One whose lease has lapsed is gone, as at Keygen, whose machines are deactivated
 * when their heartbeat stops.
 * @throws Problem not_found
 */
export function requireMachine({ device }: ShownLicense, now: Date): Device {
  if (!device || !isActive(device, now)) throw notFound("machine");
  return device;
}
