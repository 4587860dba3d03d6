export const roles = ["owner", "admin", "support", "viewer"] as const;
export type Role = (typeof roles)[number];

/** Imperative, noun first. Every staff page and action names the one it needs. */
export const permissions = [
  "license.read",
  "license.issue",
  "license.extend",
  "license.suspend",
  "license.reinstate",
  "license.revoke",
  "license.assign",
  "license.resend",
  "license.reveal-key",
  "license.change-limit",
  "license.release-device",
  "customer.read",
  "order.read",
  "webhook.read",
  "webhook.replay",
  "email.read",
  "email.retry",
  "audit.read",
  "alert.resolve",
  "api-key.manage",
  "signing-key.manage",
] as const;
export type Permission = (typeof permissions)[number];

const read: readonly Permission[] = [
  "license.read",
  "customer.read",
  "order.read",
  "webhook.read",
  "email.read",
  "audit.read",
];
const help: readonly Permission[] = [
  ...read,
  "license.resend",
  "license.extend",
  "license.suspend",
  "license.reinstate",
  "license.reveal-key",
  "license.change-limit",
  "license.release-device",
  "email.retry",
];

const granted: Record<Role, readonly Permission[]> = {
  owner: permissions,
  admin: permissions,
  support: help,
  viewer: read,
};

export function isRole(value: string): value is Role {
  return roles.some((role) => role === value);
}

export function may(role: Role, permission: Permission): boolean {
  return granted[role].includes(permission);
}
