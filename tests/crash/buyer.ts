import { setTimeout as sleep } from "node:timers/promises";
import type { MortalShop } from "#tests/crash/mortal-shop.ts";
import type { Random } from "#tests/crash/seeded-random.ts";

export type PurchaseKind = "card" | "delayed" | "delayed-failing" | "elsewhere" | "declined" | "abandoned";

export type Purchase = {
  kind: PurchaseKind;
  email: string;
  quantity: number;
  /** How long the buyer waits before coming to the shop, after paying, and before a delayed payment settles. */
  pausesMs: { before: number; settling: number };
  looksAtReturnPage: boolean;
};

const weights: Record<PurchaseKind, number> = {
  card: 60,
  delayed: 14,
  "delayed-failing": 5,
  elsewhere: 13,
  declined: 4,
  abandoned: 4,
};

/** What the next buyer will do; decided here, so that a seed gives the same buyers again. */
export function planPurchase(random: Random, number: number): Purchase {
  return {
    kind: random.pick(weights),
    email: `buyer-${number}@example.com`,
    quantity: random.between(1, 3),
    pausesMs: { before: random.between(0, 300), settling: random.between(50, 1_500) },
    looksAtReturnPage: random.next() < 0.6,
  };
}

/** A purchase from the first click to the last page, as patient as it takes; keys the return page showed are kept. */
export async function buy(shop: MortalShop, plan: Purchase, number: number): Promise<string[]> {
  const { standIn } = shop;
  await sleep(plan.pausesMs.before);
  const visitor = visitorOf(shop, number);
  const sessionId =
    plan.kind === "elsewhere"
      ? orderElsewhere(shop, plan)
      : await visitor.checkOut(plan.email, plan.quantity);
  if (plan.kind === "abandoned") {
    standIn.expire(sessionId);
    return [];
  }
  if (plan.kind === "declined") standIn.pay(sessionId, { method: "declined", email: plan.email });
  const isDelayed = plan.kind === "delayed" || plan.kind === "delayed-failing";
  standIn.pay(sessionId, { method: isDelayed ? "delayed_success" : "card", email: plan.email });
  const shown = plan.looksAtReturnPage ? await visitor.returnTo(sessionId) : [];
  // A trial costs nothing yet, so no payment of it is under way.
  if (!isDelayed || !isUnpaid(shop, sessionId)) return shown;
  await sleep(plan.pausesMs.settling);
  standIn.settle(sessionId, plan.kind === "delayed" ? "succeeded" : "failed");
  return shown;
}

function isUnpaid({ standIn }: MortalShop, sessionId: string): boolean {
  return standIn
    .tables()
    .sessions.some(({ id, payment_status }) => id === sessionId && payment_status === "unpaid");
}

/** A sale made with a Payment Link or another site's code. */
function orderElsewhere({ standIn }: MortalShop, plan: Purchase): string {
  const price = standIn.dump().prices.find((candidate) => candidate.type === "one_time");
  if (!price) throw new Error("The shop has no plan to sell.");
  return standIn.createSession({ line_items: [{ price: price.id, quantity: plan.quantity }] }).id;
}

function visitorOf(shop: MortalShop, number: number) {
  let cookie = "";
  const ask = async (path: string, form?: Record<string, string>): Promise<Response> => {
    for (;;) {
      const answer = await fetch(`${shop.appUrl}${path}`, {
        redirect: "manual",
        signal: AbortSignal.timeout(15_000),
        headers: {
          cookie,
          origin: shop.appUrl,
          "x-forwarded-for": `10.0.${number >> 8}.${number & 255}`,
        },
        ...(form && { method: "POST", body: new URLSearchParams(form) }),
      }).catch(() => null);
      if (answer && answer.status < 500 && (form === undefined || answer.status === 303)) return answer;
      if (answer && answer.status < 500) throw new Error(`${path} answered a buyer with ${answer.status}.`);
      // Dead, dying or starting: a person would try again too.
      await sleep(100);
    }
  };
  return {
    async checkOut(email: string, quantity: number): Promise<string> {
      const prices = [...(await text(() => ask("/"))).matchAll(/name="price" value="(price_\w+)"/g)];
      const price = prices[number % prices.length]?.[1];
      if (!price) throw new Error("The pricing page offers nothing.");
      const answer = await ask("/checkout", { price, quantity: String(quantity), email });
      cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
      const sessionId = /cs_test_\w+/.exec(answer.headers.get("location") ?? "")?.[0];
      if (!sessionId) throw new Error("The checkout led to no session.");
      return sessionId;
    },
    async returnTo(sessionId: string): Promise<string[]> {
      const page = await text(() => ask(`/checkout/return?session_id=${sessionId}`));
      return keysIn(page);
    },
  };
}

/** A page may break off in the middle when the application dies. */
async function text(ask: () => Promise<Response>): Promise<string> {
  for (;;) {
    const page = await (await ask()).text().catch(() => null);
    if (page !== null) return page;
  }
}

/** Every license key in a text, once. */
export function keysIn(words: string): string[] {
  return [...new Set(words.match(/\b[A-Z]{2,8}(?:-[0-9A-HJKMNP-TV-Z]{4}){7}\b/g))].sort();
}
