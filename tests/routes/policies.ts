import type { Permission } from "#app/domain/account/roles.ts";
import { codeStepPath } from "#app/routes/auth/code-step.ts";
import { offlineRequestText } from "#tests/offline/request.ts";
import type { World } from "#tests/routes/site.ts";

/** Who may: anybody, a signed-in customer (of what is theirs), or staff with a permission. */
export type Policy = "public" | "customer" | Permission;

/** One thing that can be done with a POST. */
export type Act = {
  policy: Policy;
  /** The form as its page posts it, about things that were made for this one try. */
  fields: (world: World) => Record<string, string>;
  /** The statuses of success; 303, back to a page, unless named. */
  done?: number[];
  path?: string;
};

export type RoutePolicy = {
  read: Policy;
  /** The statuses of a page somebody may read; 200 unless named. */
  shown?: number[];
  /** Reading it takes a turn of a limit, which is a row; it writes no other. */
  counted?: true;
  acts?: Record<string, Act>;
};

/** The right answer to a code or password that is wrong; who is signed in already is sent on as well. */
const refused = [422, 303];
const submission = () => crypto.randomUUID();
const change = () => ({ submission: submission(), version: "1", reason: "Ticket 4711" });

/**
 * What every route of `app/routes.ts` allows to whom. A route that is not in this table fails the tests, and so does
 * an action of a route, or an intent of its form, that has no act here.
 */
export const policies: Record<string, RoutePolicy> = {
  "routes/storefront/layout.tsx": { read: "public" },
  "routes/storefront/home.tsx": { read: "public" },
  "routes/storefront/checkout.tsx": {
    read: "public",
    acts: { buy: { policy: "public", fields: ({ priceId }) => ({ price: priceId, quantity: "1" }) } },
  },
  "routes/storefront/checkout-return.tsx": { read: "public", shown: [200, 404], counted: true },
  "routes/auth/sign-in.tsx": {
    read: "public",
    // Who is signed in already is sent on.
    shown: [200, 303],
    acts: {
      "ask-for-code": {
        policy: "public",
        fields: ({ licenseId }) => ({ email: `${licenseId}@example.com` }),
      },
      "resend-code": {
        policy: "public",
        fields: () => ({ resend: "yes" }),
        done: refused,
        path: codeStepPath,
      },
      "enter-code": {
        policy: "public",
        fields: () => ({ code: "AAAA-AAAA" }),
        done: refused,
        path: codeStepPath,
      },
      "enter-password": {
        policy: "public",
        fields: ({ licenseId }) => ({ email: `${licenseId}@example.com`, password: "not the password" }),
        done: refused,
      },
    },
  },
  "routes/storefront/api-reference.tsx": { read: "public" },
  "routes/storefront/offline.tsx": {
    read: "public",
    acts: {
      "make-file": {
        policy: "public",
        // One device for all of them, so that none runs into the limit.
        fields: ({ key, productSlug }) => ({
          request: offlineRequestText({ key, product: productSlug, fingerprint: "device" }),
        }),
        done: [200],
      },
    },
  },
  "routes/auth/sign-out.ts": {
    read: "public",
    shown: [405],
    acts: { "sign-out": { policy: "public", fields: () => ({ as: "nobody" }) } },
  },

  "routes/portal/layout.tsx": { read: "customer" },
  "routes/portal/licenses.tsx": { read: "customer" },
  "routes/portal/license.tsx": {
    read: "customer",
    acts: {
      resend: { policy: "customer", fields: () => ({ intent: "resend", submission: submission() }) },
      billing: { policy: "customer", fields: () => ({ intent: "billing", flow: "payment-method" }) },
      renew: { policy: "customer", fields: () => ({ intent: "renew" }) },
      "release-device": {
        policy: "customer",
        fields: ({ activationId }) => ({ intent: "release-device", activationId }),
      },
    },
  },

  "routes/admin/layout.tsx": { read: "license.read" },
  "routes/admin/overview.tsx": {
    read: "order.read",
    acts: {
      resolve: {
        policy: "alert.resolve",
        fields: ({ alertId }) => ({ intent: "resolve", alertId, submission: submission() }),
      },
    },
  },
  "routes/admin/licenses.tsx": { read: "license.read" },
  "routes/admin/new-license.tsx": {
    read: "license.issue",
    acts: {
      issue: {
        policy: "license.issue",
        fields: ({ policyId }) => ({
          email: "gift@example.com",
          policyId,
          quantity: "1",
          reason: "A gift",
          submission: submission(),
        }),
      },
    },
  },
  "routes/admin/license.tsx": {
    read: "license.read",
    acts: {
      extend: {
        policy: "license.extend",
        fields: () => ({ intent: "extend", period: "1-year", ...change() }),
      },
      "change-limit": {
        policy: "license.change-limit",
        fields: () => ({ intent: "change-limit", deviceLimit: "9", ...change() }),
      },
      "release-device": {
        policy: "license.release-device",
        fields: ({ activationId }) => ({ intent: "release-device", activationId, ...change() }),
      },
      suspend: { policy: "license.suspend", fields: () => ({ intent: "suspend", ...change() }) },
      reinstate: { policy: "license.reinstate", fields: () => ({ intent: "reinstate", ...change() }) },
      revoke: {
        policy: "license.revoke",
        fields: ({ keyLastGroup }) => ({ intent: "revoke", confirmation: keyLastGroup, ...change() }),
      },
      assign: {
        policy: "license.assign",
        fields: () => ({ intent: "assign", email: "gift@example.com", ...change() }),
        // It has an owner.
        done: [422],
      },
      resend: { policy: "license.resend", fields: () => ({ intent: "resend", submission: submission() }) },
      "reveal-key": { policy: "license.reveal-key", fields: () => ({ intent: "reveal-key" }), done: [200] },
    },
  },
  "routes/admin/customers.tsx": { read: "customer.read" },
  "routes/admin/customer.tsx": { read: "customer.read" },
  "routes/admin/orders.tsx": { read: "order.read" },
  "routes/admin/order.tsx": {
    read: "order.read",
    acts: {
      resync: {
        policy: "webhook.replay",
        fields: ({ sourceId }) => ({ intent: "resync", sourceId, submission: submission() }),
      },
    },
  },
  "routes/admin/subscriptions.tsx": { read: "order.read" },
  "routes/admin/alerts.tsx": {
    read: "order.read",
    acts: {
      resolve: {
        policy: "alert.resolve",
        fields: ({ alertId }) => ({ intent: "resolve", alertId, submission: submission() }),
      },
    },
  },
  "routes/admin/api-keys.tsx": {
    read: "api-key.manage",
    acts: {
      create: {
        policy: "api-key.manage",
        fields: () => ({
          ...{ intent: "create", name: "Back end", expiresAt: "2999-12-31", submission: submission() },
          "licenses:read": "on",
        }),
        done: [200],
      },
      rotate: {
        policy: "api-key.manage",
        fields: ({ apiKeyId }) => ({
          ...{ intent: "rotate", apiKeyId, overlapHours: "24", submission: submission() },
        }),
        done: [200],
      },
      revoke: { policy: "api-key.manage", fields: ({ apiKeyId }) => ({ intent: "revoke", apiKeyId }) },
    },
  },
  "routes/admin/signing-keys.tsx": {
    read: "signing-key.manage",
    acts: {
      rotate: {
        policy: "signing-key.manage",
        fields: () => ({ intent: "rotate", submission: submission() }),
      },
      retire: {
        policy: "signing-key.manage",
        fields: ({ signingKeyGeneration }) => ({
          intent: "retire",
          generation: signingKeyGeneration,
          submission: submission(),
        }),
      },
    },
  },
  "routes/admin/settings.tsx": { read: "audit.read" },
  "routes/admin/webhook-inbox.tsx": {
    read: "webhook.read",
    acts: {
      "fetch-missed": {
        policy: "webhook.replay",
        fields: () => ({ intent: "fetch-missed", submission: submission() }),
      },
    },
  },
  "routes/admin/webhook-event.tsx": {
    read: "webhook.read",
    acts: {
      replay: { policy: "webhook.replay", fields: () => ({ intent: "replay", submission: submission() }) },
    },
  },
  "routes/admin/emails.tsx": { read: "email.read" },
  "routes/admin/email.tsx": {
    read: "email.read",
    acts: {
      retry: { policy: "email.retry", fields: () => ({ intent: "retry", submission: submission() }) },
      redirect: {
        policy: "email.retry",
        fields: () => ({
          intent: "redirect",
          recipient: "corrected@example.com",
          reason: "Typed it wrong",
          submission: submission(),
        }),
      },
    },
  },
  "routes/admin/email-preview.ts": { read: "email.read" },
  "routes/admin/audit-log.tsx": { read: "audit.read" },

  // Signed by Stripe or refused; nothing here looks at who is signed in.
  "routes/webhooks/stripe.ts": {
    read: "public",
    shown: [405],
    acts: { deliver: { policy: "public", fields: () => ({ unsigned: "yes" }), done: [400] } },
  },
  "routes/health/live.ts": { read: "public" },
  "routes/health/ready.ts": { read: "public" },
  "routes/not-found.tsx": {
    read: "public",
    shown: [404],
    acts: { anything: { policy: "public", fields: () => ({}), done: [404] } },
  },
};
