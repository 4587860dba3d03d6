import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { mergeMetadata } from "#tests/stripe-stand-in/parameters.ts";
import type { CreateSessionParameters } from "#tests/stripe-stand-in/resources/checkout-session-parameters.ts";
import type { LineRecord, StoredSession } from "#tests/stripe-stand-in/stored-types.ts";

export function hasTrial({ subscription_data: data }: CreateSessionParameters): boolean {
  return data?.trial_period_days !== undefined || data?.trial_end !== undefined;
}

/** How a session in subscription mode differs from the start. */
export function subscriptionFields(sent: CreateSessionParameters): Partial<StoredSession> {
  return {
    mode: "subscription",
    invoice_creation: null,
    payment_method_collection: sent.payment_method_collection ?? "always",
  };
}

export function nameCollection({
  name_collection: sent,
}: CreateSessionParameters): NonNullable<StoredSession["name_collection"]> {
  const of = (asked: { enabled: boolean; optional?: boolean | undefined }) => ({
    enabled: asked.enabled,
    optional: asked.optional ?? false,
  });
  return {
    ...(sent?.business === undefined ? {} : { business: of(sent.business) }),
    ...(sent?.individual === undefined ? {} : { individual: of(sent.individual) }),
  };
}

/** Keeps what the subscription will be like until the buyer has paid. */
export function rememberOrder(
  standIn: StandIn,
  sessionId: string,
  sent: CreateSessionParameters,
  lines: readonly LineRecord[],
): void {
  if (sent.mode !== "subscription") return;
  const data = sent.subscription_data;
  const adjustable = lines.flatMap(({ id }, index) => {
    const asked = sent.line_items?.[index]?.adjustable_quantity;
    if (asked?.enabled !== true) return [];
    return [[id, { minimum: asked.minimum ?? 1, maximum: asked.maximum ?? 99 }] as const];
  });
  standIn.store.checkoutPlans.update(sessionId, {
    subscription: {
      metadata: mergeMetadata(null, data?.metadata),
      description: data?.description ?? null,
      trialEnd: data?.trial_end ?? null,
      trialDays: data?.trial_period_days ?? null,
      missingPaymentMethod: data?.trial_settings?.end_behavior.missing_payment_method ?? "create_invoice",
      billingMode: data?.billing_mode?.type ?? null,
      paymentIntent: null,
      adjustable: Object.fromEntries(adjustable),
    },
  });
}
