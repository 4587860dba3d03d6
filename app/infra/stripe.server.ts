import Stripe from "stripe";
import { getEnv } from "#app/infra/env.server.ts";
import { singleton } from "#app/infra/singleton.server.ts";
import { createTokenBucket, type TokenBucket } from "#app/infra/token-bucket.ts";

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
      httpClient: withReadLimit(readLimit()),
      ...(base && {
        host: base.hostname,
        port: base.port || (base.protocol === "https:" ? "443" : "80"),
        protocol: base.protocol === "https:" ? "https" : "http",
      }),
    });
  });
}

/**
 * Reads a second that all syncs and sweeps of a process share. Stripe takes 100 a second in live and 25 in test mode,
 * from everything that uses the account together ("Rate limits"); beside a stand-in there is nobody to spare.
 */
const readsPerSecond = { live: 60, test: 20 };
/** A purchase and what follows from it never wait; only a crowd does. */
const burst = 40;
/** Whoever has to wait longer than a sync may take fails and comes back later, which is seen; a silent wait is not. */
const longestPauseSeconds = 30;

function readLimit(): TokenBucket | null {
  if (getEnv().stripeApiBase) return null;
  return createTokenBucket({ perSecond: isLivemode() ? readsPerSecond.live : readsPerSecond.test, burst });
}

/** Lets reads wait for their turn, and all of them as long as Stripe asks for after a 429. Writes go at once. */
export function withReadLimit(limit: TokenBucket | null): Stripe.HttpClient {
  const client = Stripe.createNodeHttpClient();
  if (!limit) return client;
  return {
    getClientName: () => client.getClientName(),
    makeRequest: async (host, port, path, method, headers, body, protocol, timeout) => {
      if (method === "GET") await limit.take();
      const response = await client.makeRequest(host, port, path, method, headers, body, protocol, timeout);
      if (response.getStatusCode() === 429)
        limit.pause(Math.min(secondsIn(response.getHeaders()) ?? 1, longestPauseSeconds));
      return response;
    },
  };
}

/** How long Stripe asked to be left alone, when this is its answer to too many calls; null when it did not say. */
export function retryAfterSeconds(error: unknown): number | null {
  if (!(error instanceof Stripe.errors.StripeRateLimitError)) return null;
  return secondsIn(error.headers ?? {});
}

/** Not longer than an hour, whatever the header says. */
function secondsIn(headers: Record<string, unknown>): number | null {
  const seconds = Number(headers["retry-after"]);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 3600) : null;
}
