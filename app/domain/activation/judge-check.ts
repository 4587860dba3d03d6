import { type Device, isActive } from "#app/domain/activation/device.ts";
import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import {
  assessLicense,
  type LicenseCode,
  type LicenseStatus,
  licenseCodes,
  worksUntil,
} from "#app/domain/license/assess-license.ts";

/** The closed list of answers to "does it work, here?". */
export const checkCodes = [...licenseCodes, "DEVICE_NOT_ACTIVE", "DEVICE_LIMIT_REACHED"] as const;
export type CheckCode = (typeof checkCodes)[number];

export type Verdict = {
  valid: boolean;
  code: CheckCode;
  /** For the person in front of the app: what is so, and what to do. */
  message: string;
  /** Whether asking again later can give another answer without a change at the app. */
  retryable: boolean;
  status: LicenseStatus;
  /** The end that counts; null = no end. */
  validUntil: Date | null;
  /** The last instant at which it works, grace included; null = no end. */
  worksUntil: Date | null;
};

const messages: Record<CheckCode, string> = {
  VALID: "The license is good.",
  GRACE: "The license works while its renewal is awaited. Check the payment method.",
  EXPIRED: "The license has ended. Renew it to go on.",
  SUSPENDED: "The license is suspended. Contact the seller.",
  REVOKED: "The license was revoked. Contact the seller.",
  DEVICE_NOT_ACTIVE: "The license is not active on this device. Activate it first.",
  DEVICE_LIMIT_REACHED: "The license is in use on as many devices as it allows. Release one of them first.",
};

const retryable: readonly CheckCode[] = ["EXPIRED", "SUSPENDED", "DEVICE_LIMIT_REACHED"];

/**
 * The one answer for all programs. What is wrong with the license itself comes before what is wrong with the device:
 * revoked, suspended, expired, then not active here, then grace or valid. Without `forDevice` no device is judged.
 */
export function judgeCheck(
  license: Pick<FoundLicense, "facts">,
  now: Date,
  forDevice?: { device: Device | null; refused?: boolean },
): Verdict {
  const { valid, code, status, validUntil } = assessLicense(license.facts, now);
  const judged: CheckCode = valid && forDevice ? deviceCode(code, forDevice, now) : code;
  return {
    valid: judged === "VALID" || judged === "GRACE",
    code: judged,
    message: messages[judged],
    retryable: retryable.includes(judged),
    status,
    validUntil,
    worksUntil: worksUntil(license.facts),
  };
}

function deviceCode(
  code: LicenseCode,
  { device, refused = false }: { device: Device | null; refused?: boolean },
  now: Date,
): CheckCode {
  if (refused) return "DEVICE_LIMIT_REACHED";
  return device && isActive(device, now) ? code : "DEVICE_NOT_ACTIVE";
}
