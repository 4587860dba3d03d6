import Stripe from "stripe";
import { getEnv } from "#app/infra/env.server.ts";
import { singleton } from "#app/infra/singleton.server.ts";

/** Whether this portal can sell: without a key it starts, shows its plans and says that the shop is not open. */
export function isStripeConfigured(): boolean {
  return getEnv().stripeSecretKey !== undefined;
}

/** The mode of the configured key; objects of the other mode are stored and ignored. */
export function isLivemode(): boolean {
  return /_live_/.test(getEnv().stripeSecretKey ?? "");
}

/**
 * The Stripe client of this process.
 * @throws Error when no key is configured; ask `isStripeConfigured` first.
 */
export function stripe(): Stripe {
  const env = getEnv();
  const key = env.stripeSecretKey;
  if (!key) throw new Error("Stripe is not connected yet: set STRIPE_SECRET_KEY.");
  return singleton(`stripe:${key}:${env.stripeApiBase ?? ""}`, () => {
    const base = env.stripeApiBase ? new URL(env.stripeApiBase) : null;
    return new Stripe(key, {
      maxNetworkRetries: 2,
      timeout: 20_000,
      telemetry: false,
      ...(base && {
        host: base.hostname,
        port: base.port || (base.protocol === "https:" ? "443" : "80"),
        protocol: base.protocol === "https:" ? "https" : "http",
      }),
    });
  });
}
