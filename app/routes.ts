// Every address of the site, on one page. File names are plain words; only files listed here are routes, so
// parts of a page may lie beside it. `app/paths.ts` builds these addresses, docs/decisions/0001 says why.
import { index, layout, prefix, type RouteConfig, route } from "@remix-run/route-config";

export default [
  // What a visitor sees before owning anything, up to the key.
  layout("routes/storefront/layout.tsx", [
    index("routes/storefront/home.tsx"),
    route("checkout", "routes/storefront/checkout.tsx"),
    route("checkout/return", "routes/storefront/checkout-return.tsx"),
    route("sign-in", "routes/auth/sign-in.tsx"),
    route("offline", "routes/storefront/offline.tsx"),
    route("docs/api", "routes/storefront/api-reference.tsx"),
  ]),
  route("sign-out", "routes/auth/sign-out.ts"),

  // What a signed-in customer sees.
  layout("routes/portal/layout.tsx", [
    ...prefix("portal", [
      index("routes/portal/licenses.tsx"),
      route("licenses/:licenseId", "routes/portal/license.tsx"),
    ]),
  ]),

  // What the shop's staff sees.
  layout("routes/admin/layout.tsx", [
    ...prefix("admin", [
      index("routes/admin/overview.tsx"),
      route("licenses", "routes/admin/licenses.tsx"),
      route("licenses/new", "routes/admin/new-license.tsx"),
      route("licenses/:licenseId", "routes/admin/license.tsx"),
      route("customers", "routes/admin/customers.tsx"),
      route("customers/:customerId", "routes/admin/customer.tsx"),
      route("orders", "routes/admin/orders.tsx"),
      route("orders/:orderId", "routes/admin/order.tsx"),
      route("subscriptions", "routes/admin/subscriptions.tsx"),
      route("alerts", "routes/admin/alerts.tsx"),
      route("webhooks", "routes/admin/webhook-inbox.tsx"),
      route("webhooks/:dedupeKey", "routes/admin/webhook-event.tsx"),
      route("emails", "routes/admin/emails.tsx"),
      route("emails/:emailId", "routes/admin/email.tsx"),
      route("audit-log", "routes/admin/audit-log.tsx"),
      route("api-keys", "routes/admin/api-keys.tsx"),
      route("signing-keys", "routes/admin/signing-keys.tsx"),
      route("settings", "routes/admin/settings.tsx"),
    ]),
  ]),
  route("admin/emails/:emailId/preview", "routes/admin/email-preview.ts"),

  // What other programs call.
  route("webhooks/stripe", "routes/webhooks/stripe.ts"),
  route("health/live", "routes/health/live.ts"),
  route("health/ready", "routes/health/ready.ts"),

  route("*", "routes/not-found.tsx"),
] satisfies RouteConfig;
