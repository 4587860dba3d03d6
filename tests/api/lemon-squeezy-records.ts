// Answers of Lemon Squeezy: fields, order and types as its documentation and its SDK's own types and tests have them
// (https://docs.lemonsqueezy.com/api/license-api, version 4.0.0 of @lemonsqueezy/lemonsqueezy.js).

const licenseKey = {
  id: 81,
  status: "active",
  key: "38B1460A-5104-4067-A91D-77B872934D51",
  activation_limit: 3,
  activation_usage: 1,
  created_at: "2026-01-05T09:00:00.000000Z",
  expires_at: "2027-01-05T09:00:00.000000Z",
  test_mode: false,
};
const disabledKey = { ...licenseKey, status: "disabled", expires_at: null };
const instance = {
  id: "f90ec370-fd83-46a5-8bbd-44a241e78665",
  name: "Studio Mac",
  created_at: "2026-01-05T09:01:00.000000Z",
};
const meta = {
  store_id: 1,
  order_id: 2,
  order_item_id: 3,
  product_id: 4,
  product_name: "Example Product",
  variant_id: 5,
  variant_name: "Default",
  customer_id: 6,
  customer_name: "John Doe",
  customer_email: "johndoe@example.com",
};
const error = "This license key is disabled.";

export const activatedRecord = { activated: true, error: null, license_key: licenseKey, instance, meta };
export const validatedKeyRecord = {
  ...{ valid: true, error: null, license_key: licenseKey },
  ...{ instance: null, meta },
};
export const validatedInstanceRecord = { valid: true, error: null, license_key: licenseKey, instance, meta };
export const deactivatedRecord = { deactivated: true, error: null, license_key: licenseKey, meta };
export const refusedActivationRecord = { activated: false, error, license_key: disabledKey, meta };
export const refusedValidationRecord = {
  ...{ valid: false, error, license_key: disabledKey },
  ...{ instance: null, meta },
};
export const refusedDeactivationRecord = { deactivated: false, error, license_key: disabledKey, meta };

/** The names of the members in their order, and of what kind each is: integer, instant with six decimals, UUID, … */
export function shapeOf(value: unknown): unknown {
  if (value === null) return "null";
  if (typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member)]));
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  if (typeof value !== "string") return typeof value;
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/.test(value)) return "instant";
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value) ? "uuid" : "text";
}
