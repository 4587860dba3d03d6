import { stripe } from "#app/infra/stripe.server.ts";
import type { PlanName } from "#tests/scenarios/life-shop.ts";
import { checkOut } from "#tests/scenarios/walk-sale-acts.ts";
import { type Act, type Acts, countOf, pickOf, type Walk } from "#tests/scenarios/walk-step.ts";
import { CARD_BEHAVIOURS, type StoredSubscription } from "#tests/stripe-stand-in/stored-types.ts";

/** More would only make a walk slow; what there is meets more acts instead. */
const mostSubscriptions = 3;
const sold = ["monthly", "monthly", "yearly", "trial", "pro", "team"] as const satisfies readonly PlanName[];
const changeable = ["monthly", "monthlyNew", "yearly", "pro", "team"] as const satisfies readonly PlanName[];

const over = ["canceled", "incomplete_expired"];

function oneOf({ standIn }: Walk, pick: number, ...statuses: string[]): StoredSubscription | null {
  const found = standIn
    .tables()
    .subscriptions.filter(({ status }) =>
      statuses.length > 0 ? statuses.includes(status) : !over.includes(status),
    );
  return pickOf(found, pick);
}

const hasRoom = ({ standIn }: Walk) =>
  standIn.tables().subscriptions.filter(({ status }) => !over.includes(status)).length < mostSubscriptions;

const subscribeInShop: Act = async (walk, [a, b, c]) => {
  if (!hasRoom(walk)) return null;
  const method = pickOf(["card", "card", "card", "declined"] as const, c) ?? "card";
  return checkOut(walk, pickOf(sold, a) ?? "monthly", countOf(3, b), method);
};

const subscribeElsewhere: Act = async (walk, [a, b, c]) => {
  if (!hasRoom(walk)) return null;
  const { shop, standIn } = walk;
  const plan = pickOf(sold, a) ?? "monthly";
  const quantity = countOf(3, b);
  const onTerms = c < 0.2;
  const { id, status } = await standIn.subscribe({
    price: shop.priceOf(plan).stripePriceId,
    quantity,
    email: `subscriber-${standIn.tables().customers.length}@example.com`,
    ...(plan === "trial" && { trialDays: 14 }),
    ...(onTerms ? { collectionMethod: "send_invoice", daysUntilDue: 10 } : {}),
    card: c > 0.85 ? "delayed_success" : "ok",
  });
  return `${quantity} × ${plan} are set up in the Dashboard${onTerms ? ", by invoice" : ""}: ${id} (${status})`;
};

const changeCard: Act = (walk, [a, b]) => {
  const found = oneOf(walk, a);
  if (!found) return null;
  const behaviour = b < 0.45 ? "ok" : (pickOf(CARD_BEHAVIOURS, (b - 0.45) / 0.55) ?? "ok");
  walk.standIn.setCard(String(found.customer), behaviour);
  return `the card of ${found.id} is now ${behaviour}`;
};

const changeQuantity: Act = async (walk, [a, b, c]) => {
  const found = oneOf(walk, a, "active", "trialing", "past_due");
  const item = found?.items.data[0];
  if (!found || !item) return null;
  const quantity = countOf(5, b);
  const proration = pickOf(["create_prorations", "always_invoice", "none"] as const, c) ?? "none";
  await stripe().subscriptions.update(found.id, {
    items: [{ id: item.id, quantity }],
    proration_behavior: proration,
  });
  return `${found.id} has ${quantity} seats instead of ${item.quantity}, ${proration}`;
};

const changePlan: Act = async (walk, [a, b, c]) => {
  const found = oneOf(walk, a, "active", "trialing");
  const item = found?.items.data[0];
  if (!found || !item) return null;
  const plan = pickOf(changeable, b) ?? "pro";
  const price = walk.shop.priceOf(plan).stripePriceId;
  const replaces = c < 0.4;
  await stripe().subscriptions.update(found.id, {
    items: replaces
      ? [
          { id: item.id, deleted: true },
          { price, quantity: item.quantity ?? 1 },
        ]
      : [{ id: item.id, price }],
    proration_behavior: c < 0.7 ? "create_prorations" : "always_invoice",
  });
  return `${found.id} becomes ${plan}${replaces ? " by another item" : ""}`;
};

const planCancel: Act = async (walk, [a, b]) => {
  const found = oneOf(walk, a, "active", "trialing", "past_due");
  if (!found) return null;
  const isPlanned = found.cancel_at_period_end || found.cancel_at !== null;
  if (isPlanned && found.cancel_at !== null && !found.cancel_at_period_end)
    await stripe().subscriptions.update(found.id, { cancel_at: "" });
  else if (!isPlanned && b < 0.4)
    await stripe().subscriptions.update(found.id, { cancel_at: "max_period_end" });
  else await stripe().subscriptions.update(found.id, { cancel_at_period_end: !isPlanned });
  return `${found.id} is ${isPlanned ? "to go on after all" : "to end with its period"}`;
};

const cancelNow: Act = async (walk, [a]) => {
  const found = oneOf(walk, a);
  if (!found) return null;
  await stripe().subscriptions.cancel(found.id);
  return `${found.id} is canceled`;
};

const pauseOrResume: Act = async (walk, [a]) => {
  const found = oneOf(walk, a, "active", "trialing", "paused");
  if (!found) return null;
  if (found.status === "paused") await stripe().subscriptions.resume(found.id);
  else await stripe().subscriptions.pause(found.id);
  return `${found.id} is ${found.status === "paused" ? "resumed" : "paused"}`;
};

const pauseCollection: Act = async (walk, [a, b]) => {
  const found = oneOf(walk, a, "active", "past_due");
  if (!found) return null;
  const behavior = pickOf(["keep_as_draft", "mark_uncollectible", "void"] as const, b) ?? "void";
  const isPaused = found.pause_collection !== null;
  await stripe().subscriptions.update(found.id, { pause_collection: isPaused ? "" : { behavior } });
  return `collection of ${found.id} ${isPaused ? "goes on" : `rests, ${behavior}`}`;
};

/** Who pays what is owed, or sees to it that nobody has to. */
const dealWithInvoice: Act = async (walk, [a, b]) => {
  const owed = walk.standIn.tables().invoices.filter(({ status }) => status === "open");
  const invoice = pickOf(owed, a);
  if (!invoice) return null;
  const { invoices } = stripe();
  if (b < 0.5) await invoices.pay(invoice.id);
  else if (b < 0.65) await invoices.pay(invoice.id, { paid_out_of_band: true });
  else if (b < 0.85) await invoices.voidInvoice(invoice.id);
  else await invoices.markUncollectible(invoice.id);
  return `${invoice.id} is ${b < 0.5 ? "paid" : b < 0.65 ? "paid out of band" : b < 0.85 ? "voided" : "given up"}`;
};

const changeDunning: Act = ({ standIn }, [a, b]) => {
  const dunningEnd = pickOf(["past_due", "unpaid", "canceled", "paused"] as const, a) ?? "canceled";
  const billingMode = b < 0.5 ? "flexible" : "classic";
  standIn.setBilling({ dunningEnd, billingMode });
  return `from now on dunning ends with ${dunningEnd}, and billing is ${billingMode}`;
};

const deleteCustomer: Act = async (walk, [a]) => {
  const found = oneOf(walk, a);
  if (!found) return null;
  const customer = String(found.customer);
  await stripe().customers.del(customer);
  return `${customer}, who has ${found.id}, is deleted`;
};

/** What subscribers, their cards and the vendor's Dashboard do. */
export const subscriptionActs: Acts = {
  "subscribe in the shop": { weight: 3, act: subscribeInShop },
  "subscribe elsewhere": { weight: 4, act: subscribeElsewhere },
  "change a card": { weight: 6, act: changeCard },
  "change the quantity": { weight: 5, act: changeQuantity },
  "change the plan": { weight: 3, act: changePlan },
  "plan to cancel": { weight: 4, act: planCancel },
  "cancel now": { weight: 0.7, act: cancelNow },
  "delete a customer": { weight: 0.3, act: deleteCustomer },
  "pause or resume": { weight: 3, act: pauseOrResume },
  "pause collection": { weight: 2, act: pauseCollection },
  "deal with an invoice": { weight: 6, act: dealWithInvoice },
  "change how dunning ends": { weight: 1.5, act: changeDunning },
};
