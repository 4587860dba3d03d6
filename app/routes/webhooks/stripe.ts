import type { ActionFunctionArgs } from "@remix-run/node";
import { stripeWebhookAction } from "#app/http/stripe-webhook.server.ts";

// Reads the raw bytes: the signature is over them. The server mounts the same answers ahead of Remix.
export function action({ request }: ActionFunctionArgs): Promise<Response> {
  return stripeWebhookAction(request);
}

export function loader({ request }: ActionFunctionArgs): Promise<Response> {
  return stripeWebhookAction(request);
}
