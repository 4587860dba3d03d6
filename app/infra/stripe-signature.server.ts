import Stripe from "stripe";

/** How far the signed time may lie from ours, on either side. Stripe's default; its library checks only the past. */
const toleranceSeconds = 300;

export type SignatureVerdict = { ok: true } | { ok: false; reason: string };

function signatureCheck() {
  const { signature } = Stripe.webhooks;
  if (!signature) throw new Error("The stripe library was loaded without its signature check.");
  return signature;
}

/**
 * Checks the bytes as they came against each secret, newest first, so that a secret can be rolled
 * (Stripe: "Verify webhook signatures manually", "Roll endpoint signing secrets").
 * `receivedAt` bounds the signed time on both sides.
 */
export function verifyStripeSignature(
  body: string,
  header: string | null,
  secrets: readonly string[],
  receivedAt: Date,
): SignatureVerdict {
  if (!header) return { ok: false, reason: "The Stripe-Signature header is missing." };
  const signedAt = Number(/(?:^|,)\s*t=(\d+)/.exec(header)?.[1] ?? Number.NaN);
  if (signedAt * 1000 - receivedAt.getTime() > toleranceSeconds * 1000)
    return { ok: false, reason: "The signature is dated in the future. Check the clocks." };
  let reason = "The signature matches none of the configured secrets.";
  for (const secret of secrets) {
    try {
      signatureCheck().verifyHeader(body, header, secret, toleranceSeconds, undefined, receivedAt.getTime());
      return { ok: true };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (/tolerance/i.test(error.message)) reason = "The signature is older than five minutes.";
    }
  }
  return { ok: false, reason };
}
