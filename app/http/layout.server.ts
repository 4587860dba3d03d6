import { json } from "@remix-run/node";
import { readFlash } from "#app/http/flash.server.ts";
import { isLivemode, isStripeConfigured } from "#app/infra/stripe.server.ts";

/** A layout's loader answer: what it found out, whether money is real, and the message of the last action. */
export function layoutResponse<T extends object>(request: Request, found: T) {
  const { flash, headers } = readFlash(request);
  const testMode = isStripeConfigured() && !isLivemode();
  return json({ ...found, testMode, flash }, { headers });
}
