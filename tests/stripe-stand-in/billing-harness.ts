import type Stripe from "stripe";
import { createClock } from "./clock.ts";
import { sdkFor } from "./harness.ts";
import { type RunningStandIn, startStripeStandIn } from "./server.ts";

export const START = new Date("2027-01-31T09:00:00Z");
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** A stand-in whose clock stands still until it is moved. */
export async function withBilling(
  body: (standIn: RunningStandIn, stripe: Stripe) => Promise<void>,
): Promise<void> {
  let at = START.getTime();
  const moveTo = (to: number) => {
    at = to;
  };
  const clock = { ...createClock({ source: () => at }), moveTo };
  const standIn = await startStripeStandIn({ deliver: "manual", clock });
  standIn.addEndpoint({ url: "http://127.0.0.1:9/", secret: "whsec_billing" });
  try {
    await body(standIn, sdkFor(standIn));
  } finally {
    await standIn.stop();
  }
}

export const seconds = (iso: string) => Math.floor(new Date(iso).getTime() / 1000);

export function recurring(stripe: Stripe, amount = 1500, interval: "month" | "year" = "month") {
  return stripe.prices.create({
    currency: "usd",
    unit_amount: amount,
    recurring: { interval },
    product_data: { name: "Lumen" },
  });
}

/** What was told since the last look, apart from the catalogue and attached cards. */
export function told(standIn: RunningStandIn): string[] {
  return standIn
    .takePending()
    .map(({ type }) => type)
    .filter((type) => !/^(product|price|customer\.created|payment_method|coupon)/.test(type));
}

export async function buy(
  standIn: RunningStandIn,
  stripe: Stripe,
  price: string,
  parameters: Partial<Stripe.Checkout.SessionCreateParams> = {},
  pay: Parameters<RunningStandIn["pay"]>[1] = {},
) {
  const open = await stripe.checkout.sessions.create({
    mode: "subscription",
    success_url: "http://shop.test/",
    line_items: [{ price, quantity: 3 }],
    ...parameters,
  });
  standIn.pay(open.id, { email: "ada@example.com", ...pay });
  const session = await stripe.checkout.sessions.retrieve(open.id, { expand: ["subscription", "invoice"] });
  const { subscription, invoice } = session;
  if (subscription === null || typeof subscription === "string") throw new Error("No subscription was made");
  if (invoice === null || typeof invoice === "string") throw new Error("No invoice was made");
  return { session, subscription, invoice };
}
