import { createHash } from "node:crypto";
import { iso } from "#app/api/iso.ts";
import { accountLink, type Setting } from "#app/api/keygen/resources.ts";
import type { FoundLicense } from "#app/domain/activation/found-license.ts";

/** The codes a license carries: an entitlement that is switched off is none. */
export function entitlementCodes({ entitlements }: Pick<FoundLicense, "entitlements">): string[] {
  return Object.keys(entitlements).filter((code) => {
    const value = entitlements[code];
    return value !== false && value !== null && value !== undefined;
  });
}

/** One resource for each code; what is more than on or off, such as a number of channels, stands in `metadata.value`. */
export function entitlementResources(license: FoundLicense, { account }: Setting) {
  return entitlementCodes(license).map((code) => {
    const value = license.entitlements[code];
    const id = entitlementId(code);
    return {
      id,
      type: "entitlements",
      attributes: {
        ...{ name: code, code, metadata: value === true ? {} : { value } },
        created: iso(license.createdAt),
        updated: iso(license.updatedAt),
      },
      relationships: { account: accountLink(account) },
      links: { self: `/v1/accounts/${account}/entitlements/${id}` },
    };
  });
}

/** Entitlements have no row of their own: the id is a UUID of version 8 (RFC 9562) made of the code, so it is stable. */
function entitlementId(code: string): string {
  const hex = createHash("sha256").update(`entitlement/${code}`).digest("hex");
  const variant = (0x8 | (Number.parseInt(hex.charAt(16), 16) & 0x3)).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
