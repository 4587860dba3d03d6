import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { createCustomer } from "#tests/stripe-stand-in/resources/customers.ts";
import { requirePrice } from "#tests/stripe-stand-in/resources/prices.ts";
import type { CardBehaviour, StoredSubscription } from "#tests/stripe-stand-in/stored-types.ts";
import { setCard } from "./cards.ts";
import { startSubscription } from "./start-subscription.ts";

export type SubscribeInput = {
  /** Either one price or several items. */
  price?: string;
  quantity?: number;
  items?: ReadonlyArray<{ price: string; quantity?: number }>;
  /** A new one unless given. */
  customer?: string;
  /** Of the new customer. */
  email?: string;
  trialDays?: number;
  /** What happens at the end of a trial when there is nothing to charge. */
  missingPaymentMethod?: "cancel" | "create_invoice" | "pause";
  collectionMethod?: "charge_automatically" | "send_invoice";
  daysUntilDue?: number;
  metadata?: Record<string, string>;
  /** How the customer pays; unless given `ok`, for a new customer that is charged automatically, and what they have for another. */
  card?: CardBehaviour | "none";
};

/** A subscription made by hand in the Dashboard: no session, no order, metadata only when given. */
export function subscribe(standIn: StandIn, input: SubscribeInput): StoredSubscription {
  const isNew = input.customer === undefined;
  const customer =
    input.customer ?? createCustomer(standIn, { email: input.email ?? "dashboard@example.com" }, null).id;
  const usual = isNew && input.collectionMethod !== "send_invoice" ? "ok" : "none";
  const card = input.card ?? usual;
  if (card !== "none") setCard(standIn, customer, card);
  const items = input.items ?? [{ price: input.price ?? "", quantity: input.quantity ?? 1 }];
  return startSubscription(standIn, {
    customer,
    items: items.map(({ price, quantity }) => ({ price: requirePrice(standIn, price), quantity })),
    trialDays: input.trialDays ?? null,
    ...(input.missingPaymentMethod && { missingPaymentMethod: input.missingPaymentMethod }),
    collectionMethod: input.collectionMethod ?? "charge_automatically",
    daysUntilDue: input.daysUntilDue ?? 30,
    metadata: input.metadata ?? {},
    cause: null,
  });
}
