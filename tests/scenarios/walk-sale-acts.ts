import { randomBytes, randomUUID } from "node:crypto";
import { startCheckout } from "#app/domain/checkout/start-checkout.server.ts";
import { db } from "#app/infra/db.server.ts";
import type { PlanName } from "#tests/scenarios/life-shop.ts";
import { type Act, type Acts, countOf, pickOf, type Walk } from "#tests/scenarios/walk-step.ts";

const ways = ["card", "card", "card", "delayed_success", "delayed_failure", "declined"] as const;
const onceOnly = ["perpetual", "perpetual", "dated"] as const satisfies readonly PlanName[];

/** More would only make a walk slow; what there is meets more acts instead. */
const mostSales = 4;

const hasRoom = ({ standIn }: Walk) =>
  standIn.tables().sessions.filter(({ mode }) => mode === "payment").length < mostSales;

const address = () => `buyer-${randomUUID().slice(0, 8)}@example.com`;

/** A buyer goes through our shop and Stripe's checkout; without a way to pay the session stays open. */
export async function checkOut(
  { shop, standIn, now }: Walk,
  plan: PlanName,
  quantity: number,
  method: (typeof ways)[number] | null,
): Promise<string> {
  const { orderId } = await startCheckout({
    priceId: shop.priceOf(plan).id,
    quantity,
    email: address(),
    browserNonce: randomBytes(16).toString("hex"),
    now: now(),
  });
  const { stripeSessionId } = await db().order.findUniqueOrThrow({ where: { id: orderId } });
  if (!stripeSessionId) throw new Error("The order has no session.");
  if (method) standIn.pay(stripeSessionId, { method });
  return `buys ${quantity} × ${plan} in the shop, ${method ?? "does not pay yet"}: ${stripeSessionId}`;
}

const buyInShop: Act = async (walk, [a, b, c]) => {
  if (!hasRoom(walk)) return null;
  return checkOut(walk, pickOf(onceOnly, a) ?? "perpetual", countOf(3, b), c < 0.1 ? null : pickOf(ways, c));
};

const buyElsewhere: Act = (walk, [a, b, c]) => {
  if (!hasRoom(walk)) return null;
  const { shop, standIn } = walk;
  const plan = pickOf(onceOnly, a) ?? "perpetual";
  const quantity = countOf(3, b);
  const session = standIn.createSession({
    line_items: [{ price: shop.priceOf(plan).stripePriceId, quantity }],
  });
  const method = pickOf(ways, c) ?? "card";
  standIn.pay(session.id, { method, email: address() });
  return `buys ${quantity} × ${plan} elsewhere, ${method}: ${session.id}`;
};

const settleDelayed: Act = ({ standIn }, [a, b]) => {
  const { sessions, paymentIntents } = standIn.tables();
  const underWay = new Set(
    paymentIntents.filter(({ status }) => status === "processing").map(({ id }) => id),
  );
  const waiting = sessions.filter(({ payment_intent }) => underWay.has(String(payment_intent)));
  const session = pickOf(waiting, a);
  if (!session) return null;
  const outcome = b < 0.7 ? "succeeded" : "failed";
  standIn.settle(session.id, outcome);
  return `the delayed payment of ${session.id} has ${outcome}`;
};

const expire: Act = ({ standIn }, [a]) => {
  const open = standIn.tables().sessions.filter(({ status }) => status === "open");
  const session = pickOf(open, a);
  if (!session) return null;
  standIn.expire(session.id);
  return `${session.id} expires`;
};

const refund: Act = ({ standIn }, [a, b, c]) => {
  const charges = standIn
    .tables()
    .charges.filter((charge) => charge.status === "succeeded" && charge.amount_refunded < charge.amount);
  const charge = pickOf(charges, a);
  if (!charge) return null;
  const rest = charge.amount - charge.amount_refunded;
  const amount = b < 0.5 ? rest : Math.max(1, Math.floor(rest * b));
  const outcome = c < 0.3 ? "pending" : "succeeded";
  const { id } = standIn.refund(charge.id, { amount, outcome });
  return `${amount} of ${charge.id} go back, ${outcome}: ${id}`;
};

const settleRefund: Act = ({ standIn }, [a, b]) => {
  const moving = standIn
    .tables()
    .refunds.filter(({ status }) => status === "pending" || status === "requires_action");
  const found = pickOf(moving, a);
  if (!found) return null;
  const outcome = pickOf(["succeeded", "failed", "canceled"] as const, b) ?? "failed";
  standIn.settleRefund(found.id, outcome);
  return `${found.id} has ${outcome}`;
};

const failRefund: Act = ({ standIn }, [a]) => {
  const done = standIn.tables().refunds.filter(({ status }) => status === "succeeded");
  const found = pickOf(done, a);
  if (!found) return null;
  standIn.settleRefund(found.id, "failed");
  return `${found.id} comes back after all`;
};

const dispute: Act = ({ standIn }, [a, b]) => {
  const charges = standIn.tables().charges.filter((charge) => charge.status === "succeeded");
  const charge = pickOf(charges, a);
  if (!charge) return null;
  const inquiry = b < 0.4;
  const { id } = standIn.dispute(charge.id, { inquiry });
  return `${charge.id} is ${inquiry ? "asked about" : "disputed"}: ${id}`;
};

const onward = {
  warning_needs_response: ["warning_under_review", "warning_closed", "needs_response"],
  warning_under_review: ["warning_closed", "needs_response"],
  needs_response: ["under_review", "won", "lost", "prevented"],
  under_review: ["won", "lost"],
  won: ["appeal_under_review"],
  lost: ["appeal_needs_response"],
  appeal_needs_response: ["appeal_under_review", "lost"],
  appeal_under_review: ["won", "lost"],
} as const;

const moveDispute: Act = ({ standIn }, [a, b]) => {
  const found = pickOf(standIn.tables().disputes, a);
  if (!found) return null;
  const ways = Object.entries(onward).find(([status]) => status === found.status)?.[1] ?? [];
  const status = pickOf<(typeof ways)[number]>(ways, b);
  if (!status) return null;
  standIn.moveDispute(found.id, status);
  return `${found.id} becomes ${status}`;
};

const fraudWarning: Act = ({ standIn }, [a]) => {
  const charges = standIn.tables().charges.filter((charge) => charge.status === "succeeded");
  const charge = pickOf(charges, a);
  if (!charge) return null;
  standIn.fraudWarning(charge.id);
  return `the bank warns of ${charge.id}`;
};

/** What buyers, banks and the vendor's Dashboard do about single payments. */
export const saleActs: Acts = {
  "buy in the shop": { weight: 3, act: buyInShop },
  "buy elsewhere": { weight: 4, act: buyElsewhere },
  "settle a delayed payment": { weight: 6, act: settleDelayed },
  "expire a session": { weight: 3, act: expire },
  refund: { weight: 4, act: refund },
  "settle a refund": { weight: 5, act: settleRefund },
  "fail a refund": { weight: 2, act: failRefund },
  dispute: { weight: 2, act: dispute },
  "move a dispute": { weight: 8, act: moveDispute },
  "warn of fraud": { weight: 0.5, act: fraudWarning },
};
