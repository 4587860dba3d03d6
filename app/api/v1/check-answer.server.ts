import { z } from "zod";
import { iso } from "#app/api/iso.ts";
import { instant } from "#app/api/v1/fields.server.ts";
import { type Device, isActive } from "#app/domain/activation/device.ts";
import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import { checkCodes, type Verdict } from "#app/domain/activation/judge-check.ts";
import { licenseStatuses } from "#app/domain/license/assess-license.ts";

/** What a key holder may know of a license: no name, no address, nothing a program keeps with it. */
export const LicenseAnswer = z.object({
  id: z.string(),
  status: z.enum(licenseStatuses),
  product: z.string().describe("Slug of the product"),
  policy: z.string().describe("Slug of the policy"),
  validUntil: instant.nullable().describe("The end that counts; null = no end"),
  worksUntil: instant
    .nullable()
    .describe("The last instant at which it works, grace included; null = no end"),
  updatesUntil: instant.nullable().describe("Versions released until then are included; null = all"),
  entitlements: z.record(z.string(), z.json()),
  deviceLimit: z.number().int().nullable().describe("null = any number of devices"),
  activeDevices: z.number().int(),
  floating: z.boolean().describe("Seats are held by heartbeats and freed when they stop"),
  leaseSeconds: z.number().int().nullable().describe("How long a floating seat is held after a heartbeat"),
});

export const DeviceAnswer = z.object({
  id: z.string(),
  name: z.string().nullable(),
  platform: z.string().nullable(),
  hostname: z.string().nullable(),
  appVersion: z.string().nullable(),
  active: z.boolean(),
  firstSeenAt: instant,
  lastSeenAt: instant,
  leaseUntil: instant.nullable().describe("A floating seat is held until then"),
});

export const CheckAnswer = z.object({
  valid: z.boolean(),
  code: z.enum(checkCodes),
  message: z.string().describe("For the person in front of the app"),
  retryable: z
    .boolean()
    .describe("Whether asking again later can give another answer without a change at the app"),
  license: LicenseAnswer,
  device: DeviceAnswer.nullable().describe(
    "The device that was asked about; null = not asked, or never seen here",
  ),
  serverTime: instant,
  nonce: z.union([z.string(), z.number()]).nullable().describe("What the request carried"),
});

/** The one shape of "is it good?", also for a license that is known but not good. */
export function checkAnswer(
  license: FoundLicense,
  verdict: Verdict,
  { now, nonce }: { now: Date; nonce: string | number | null },
) {
  const { device } = license;
  return {
    valid: verdict.valid,
    code: verdict.code,
    message: verdict.message,
    retryable: verdict.retryable,
    license: {
      id: license.id,
      status: verdict.status,
      product: license.product.slug,
      policy: license.policy.slug,
      validUntil: iso(verdict.validUntil),
      worksUntil: iso(verdict.worksUntil),
      updatesUntil: iso(license.updatesUntil),
      entitlements: license.entitlements,
      deviceLimit: license.deviceLimit,
      activeDevices: license.activeDevices,
      floating: license.leaseSeconds !== null,
      leaseSeconds: license.leaseSeconds,
    },
    device: device && deviceAnswer(device, now),
    serverTime: iso(now),
    nonce,
  };
}

export function deviceAnswer(device: Device, now: Date) {
  const { id, name, platform, hostname, appVersion } = device;
  return {
    ...{ id, name, platform, hostname, appVersion, active: isActive(device, now) },
    firstSeenAt: iso(device.firstSeenAt),
    lastSeenAt: iso(device.lastSeenAt),
    leaseUntil: iso(device.leaseUntil),
  };
}
