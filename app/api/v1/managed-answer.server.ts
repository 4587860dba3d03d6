import { z } from "zod";
import { iso } from "#app/api/iso.ts";
import { DeviceAnswer, deviceAnswer } from "#app/api/v1/check-answer.server.ts";
import { instant } from "#app/api/v1/fields.server.ts";
import {
  assessLicense,
  licenseCodes,
  licenseStatuses,
  worksUntil,
} from "#app/domain/license/assess-license.ts";
import type { ManagedDevice, ManagedLicense } from "#app/domain/license/managed-license.ts";

const named = { id: z.string(), number: z.number().int(), slug: z.string(), name: z.string() };

/** Everything a program with an API key may know of a license. */
export const ManagedLicenseAnswer = z
  .object({
    id: z.string(),
    number: z.number().int().describe("For programs that need an integer; never changes"),
    key: z
      .string()
      .nullable()
      .describe(
        "In clear, for the customer; null = it was sealed under another master key and cannot be read",
      ),
    status: z.enum(licenseStatuses),
    valid: z.boolean().describe("Whether it works now"),
    code: z.enum(licenseCodes).describe("What a check without a device would answer"),
    product: z.object(named),
    policy: z.object(named),
    customer: z
      .object({ id: z.string(), number: z.number().int(), email: z.string(), name: z.string().nullable() })
      .nullable()
      .describe("null = nobody's yet"),
    order: z.object({ id: z.string(), number: z.number().int() }).nullable(),
    source: z.string().nullable().describe("The purchase at Stripe, `cs_…` or `sub_…`; null = made by hand"),
    validUntil: instant.nullable().describe("The end that counts; null = no end"),
    worksUntil: instant.nullable().describe("The last instant at which it works, grace included"),
    updatesUntil: instant.nullable(),
    deviceLimit: z.number().int().nullable().describe("null = any number of devices"),
    activeDevices: z.number().int(),
    leaseSeconds: z.number().int().nullable().describe("null = seats are not floating"),
    entitlements: z.record(z.string(), z.json()),
    metadata: z.record(z.string(), z.string()),
    holds: z
      .array(z.string())
      .describe("What suspends it: `staff` is yours, `refund:…`, `dispute:…` and others are Stripe's"),
    revokedAt: instant.nullable(),
    revokedReason: z.string().nullable(),
    issuedAt: instant,
    createdAt: instant,
    updatedAt: instant,
    version: z.number().int().describe("Raised by every change"),
  })
  .meta({ id: "License" });

const { id: deviceId, ...toldToHolders } = DeviceAnswer.shape;
/** What a key holder may know of a device, and what is the vendor's. */
export const ManagedDeviceAnswer = z
  .object({
    id: deviceId,
    fingerprint: z.string(),
    ...toldToHolders,
    releasedAt: instant.nullable(),
  })
  .meta({ id: "Device" });

export function managedAnswer(license: ManagedLicense, now: Date) {
  const { id, number, key, product, policy, customer, order, facts } = license;
  const { deviceLimit, activeDevices, leaseSeconds, entitlements, metadata, revokedReason, version } =
    license;
  const { valid, code, status, validUntil } = assessLicense(facts, now);
  return {
    ...{ id, number, key, status, valid, code, product },
    policy: { id: policy.id, number: policy.number, slug: policy.slug, name: policy.name },
    ...{ customer, order, source: license.sourceId },
    validUntil: iso(validUntil),
    worksUntil: iso(worksUntil(facts)),
    updatesUntil: iso(license.updatesUntil),
    ...{ deviceLimit, activeDevices, leaseSeconds, entitlements, metadata },
    holds: [...facts.holds].sort(),
    revokedAt: iso(license.revokedAt),
    revokedReason,
    issuedAt: iso(license.issuedAt),
    createdAt: iso(license.createdAt),
    updatedAt: iso(license.updatedAt),
    version,
  };
}

export function managedDeviceAnswer(device: ManagedDevice, now: Date) {
  const { id, ...told } = deviceAnswer(device, now);
  return { id, fingerprint: device.fingerprint, ...told, releasedAt: iso(device.releasedAt) };
}
