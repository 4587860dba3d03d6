import { may, type Permission, type Role } from "#app/domain/account/roles.ts";
import { paths } from "#app/paths.ts";

const pages: Record<string, (id: string) => string> = {
  license: (id) => paths.admin.license(id),
  order: (id) => paths.admin.order(id),
  customer: (id) => paths.admin.customer(id),
  email: (id) => paths.admin.email(id),
  stripe_event: (id) => paths.admin.webhookEvent(id),
  stripe_customer: (id) => paths.admin.customers({ q: id }),
  alert: () => paths.admin.alerts(),
  "api-key": () => paths.admin.apiKeys(),
  setting: () => paths.admin.settings(),
  signing_key: () => paths.admin.signingKeys(),
  webhook_inbox: () => paths.admin.webhookInbox(),
  stripe_source: (id) => paths.admin.webhookInbox({ q: id }),
};

/** What the page of such a target asks for, beyond what the audit log does. */
const needs: Record<string, Permission> = { "api-key": "api-key.manage", signing_key: "signing-key.manage" };

/** The page of what an audit row is about; null when it has none, or none that this role may open. */
export function auditTargetPath(targetType: string, targetId: string, role: Role): string | null {
  const needed = needs[targetType];
  if (needed && !may(role, needed)) return null;
  return pages[targetType]?.(targetId) ?? null;
}
