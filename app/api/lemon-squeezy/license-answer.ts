import { clientExpiry } from "#app/api/client-expiry.ts";
import type { Device } from "#app/domain/activation/device.ts";
import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import type { CheckCode, Verdict } from "#app/domain/activation/judge-check.ts";
import { uuidOf } from "#app/domain/ids.ts";
import type { LicenseSale } from "#app/domain/license/license-sale.queries.server.ts";

/** The member that says whether it worked: each of the three calls has its own. */
export type Flag = "activated" | "valid" | "deactivated";

/** Clients compare with these texts, so not a character of them may change. */
export const unknownKeyText = "license_key not found.";
const unknownInstanceText = "license_key_instance not found.";

const errorTexts: Record<CheckCode, string | null> = {
  VALID: null,
  GRACE: null,
  EXPIRED: "This license key is expired.",
  SUSPENDED: "This license key is disabled.",
  REVOKED: "This license key is disabled.",
  DEVICE_NOT_ACTIVE: unknownInstanceText,
  DEVICE_LIMIT_REACHED: "This license key has reached the activation limit.",
};

export type LicenseAnswer = {
  flag: Flag;
  license: FoundLicense;
  /** As it was handed out. */
  key: string;
  verdict: Verdict;
  sale: LicenseSale;
  showsCustomer: boolean;
  /** Left out where the answer has no such member. */
  instance?: Device | null;
};

/** 200 for what works, 400 with the reason for what does not; the license is described either way. */
export function licenseAnswer(answer: LicenseAnswer) {
  const { flag, license, verdict, instance } = answer;
  const error = errorTexts[verdict.code];
  const end = clientExpiry(verdict);
  return {
    status: error === null ? 200 : 400,
    body: {
      [flag]: error === null,
      error,
      license_key: {
        id: license.number,
        status: keyStatus(license, verdict),
        key: answer.key,
        activation_limit: license.deviceLimit,
        activation_usage: license.activeDevices,
        created_at: sixDecimals(license.createdAt),
        expires_at: end && sixDecimals(end),
        test_mode: answer.sale.isTest,
      },
      ...(instance !== undefined && { instance: instance && instanceOf(instance) }),
      meta: metaOf(answer),
    },
  };
}

function keyStatus({ activeDevices }: FoundLicense, { status }: Verdict) {
  if (status === "expired") return "expired";
  if (status === "suspended" || status === "revoked") return "disabled";
  return activeDevices > 0 ? "active" : "inactive";
}

function instanceOf(device: Device) {
  return {
    id: uuidOf(device.id),
    name: device.name ?? device.hostname ?? "",
    created_at: sixDecimals(device.firstSeenAt),
  };
}

/** Numbers are 0 where there is nothing, because clients read them as integers. */
function metaOf({ license, sale, showsCustomer }: LicenseAnswer) {
  const { customer } = sale;
  return {
    store_id: 1,
    order_id: sale.orderNumber ?? 0,
    order_item_id: sale.lineNumber ?? 0,
    product_id: license.product.number,
    product_name: license.product.name,
    variant_id: license.policy.number,
    variant_name: license.policy.name,
    customer_id: customer?.number ?? 0,
    customer_name: (showsCustomer && customer?.name) || "",
    customer_email: (showsCustomer && customer?.email) || "",
  };
}

function sixDecimals(at: Date): string {
  return at.toISOString().replace("Z", "000Z");
}
