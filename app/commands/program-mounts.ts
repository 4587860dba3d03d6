import { createApiHandler } from "#app/api/api-handler.server.ts";
import type { Mount } from "#app/http/server.server.ts";
import { stripeWebhookHandler } from "#app/http/stripe-webhook.server.ts";
import { paths } from "#app/paths.ts";

/** What programs call, mounted ahead of the pages: Stripe's deliveries and the API in all its dialects. */
export function programMounts(): Mount[] {
  const webhook = paths.webhooks.stripe();
  return [{ owns: (path) => path === webhook, handle: stripeWebhookHandler }, createApiHandler()];
}
