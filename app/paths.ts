/** The only place that builds an address of the site. `app/routes.ts` lists the same addresses. */
export const paths = {
  home: (query: Query = {}) => withQuery("/", query),
  checkout: () => "/checkout",
  checkoutReturn: (sessionId?: string) => withQuery("/checkout/return", { session_id: sessionId }),
  signIn: (
    query: { redirectTo?: string | undefined; as?: "staff" | undefined; code?: string | undefined } = {},
  ) => withQuery("/sign-in", query),
  signOut: () => "/sign-out",
  offline: () => "/offline",
  apiReference: () => "/docs/api",
  portal: {
    licenses: () => "/portal",
    license: (licenseId: string, query: Query = {}) =>
      withQuery(`/portal/licenses/${encodeURIComponent(licenseId)}`, query),
  },
  admin: {
    overview: () => "/admin",
    licenses: (query: Query = {}) => withQuery("/admin/licenses", query),
    newLicense: (query: Query = {}) => withQuery("/admin/licenses/new", query),
    license: (licenseId: string, query: Query = {}) =>
      withQuery(`/admin/licenses/${encodeURIComponent(licenseId)}`, query),
    customers: (query: Query = {}) => withQuery("/admin/customers", query),
    customer: (customerId: string) => `/admin/customers/${encodeURIComponent(customerId)}`,
    orders: (query: Query = {}) => withQuery("/admin/orders", query),
    order: (orderId: string) => `/admin/orders/${encodeURIComponent(orderId)}`,
    subscriptions: (query: Query = {}) => withQuery("/admin/subscriptions", query),
    alerts: (query: Query = {}) => withQuery("/admin/alerts", query),
    apiKeys: (query: Query = {}) => withQuery("/admin/api-keys", query),
    signingKeys: (query: Query = {}) => withQuery("/admin/signing-keys", query),
    settings: () => "/admin/settings",
    webhookInbox: (query: Query = {}) => withQuery("/admin/webhooks", query),
    webhookEvent: (dedupeKey: string) => `/admin/webhooks/${encodeURIComponent(dedupeKey)}`,
    emails: (query: Query = {}) => withQuery("/admin/emails", query),
    email: (emailId: string) => `/admin/emails/${encodeURIComponent(emailId)}`,
    emailPreview: (emailId: string) => `/admin/emails/${encodeURIComponent(emailId)}/preview`,
    auditLog: (query: Query = {}) => withQuery("/admin/audit-log", query),
  },
  webhooks: { stripe: () => "/webhooks/stripe" },
  health: { live: () => "/health/live", ready: () => "/health/ready" },
};

type Query = Record<string, string | number | undefined>;

function withQuery(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== "") search.set(name, String(value));
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}
