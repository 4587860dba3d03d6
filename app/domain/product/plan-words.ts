import type { Json } from "#app/domain/product/catalog.ts";

/** What the shop says about a plan: the terms a buyer agrees to, in words. */
export type PlanTerms = {
  term: "perpetual" | "days" | "subscription";
  termDays: number | null;
  deviceLimit: number | null;
  updatesDays: number | null;
  seats: "keys" | "devices";
  entitlements: Record<string, Json>;
};

/** `Tidepool: One year`, the one way a plan is named next to its product. */
export function planName(productName: string, policyName: string): string {
  return `${productName}: ${policyName}`;
}

/** `1 year`, `6 months`, `90 days`: whole years and months of 30 days are named, other spans are counted in days. */
export function spanWords(days: number): string {
  if (days % 365 === 0) return count(days / 365, "year");
  if (days % 30 === 0 && days < 365) return count(days / 30, "month");
  return count(days, "day");
}

export function termWords(plan: Pick<PlanTerms, "term" | "termDays">): string {
  if (plan.term === "perpetual") return "Yours for good: it never ends";
  if (plan.term === "subscription") return "Runs as long as you subscribe";
  return `Valid for ${spanWords(plan.termDays ?? 0)}, does not renew itself`;
}

export function deviceWords(plan: Pick<PlanTerms, "deviceLimit" | "seats">): string {
  const { deviceLimit, seats } = plan;
  if (deviceLimit === null) return "Any number of devices";
  const devices = count(deviceLimit, "device");
  if (seats === "devices") return `One key for ${devices}; each extra unit adds ${deviceLimit}`;
  return `Use it on ${devices}`;
}

/** Only plans that outlive their updates have something to say. */
export function updateWords(plan: Pick<PlanTerms, "updatesDays" | "term">): string {
  if (plan.updatesDays !== null) return `${spanWords(plan.updatesDays)} of updates included`;
  return plan.term === "perpetual" ? "All updates included" : "All updates included while it runs";
}

/** Entitlements a person can read: what is true by its name, numbers and words with theirs; the rest is for the app. */
export function entitlementWords(entitlements: Record<string, Json>): string[] {
  return Object.entries(entitlements).flatMap(([name, value]) => {
    if (value === true) return [nameWords(name)];
    if (typeof value === "number" || (typeof value === "string" && value !== ""))
      return [`${nameWords(name)}: ${value}`];
    return [];
  });
}

/** For staff: also what is false or nested, which a buyer is not told. */
export function allEntitlementWords(entitlements: unknown): string[] {
  if (typeof entitlements !== "object" || entitlements === null) return [];
  return Object.entries(entitlements).map(([name, value]) => {
    if (value === true) return nameWords(name);
    if (value === false || value === null) return `${nameWords(name)}: ${value === false ? "no" : "not set"}`;
    return `${nameWords(name)}: ${typeof value === "object" ? JSON.stringify(value) : value}`;
  });
}

/** Beside the price: `one-time`, `per month`, `every 3 months`. */
export function intervalWords(price: { interval: string | null; intervalCount: number | null }): string {
  if (!price.interval) return "one-time";
  const every = price.intervalCount ?? 1;
  return every === 1 ? `per ${price.interval}` : `every ${every} ${price.interval}s`;
}

/** `batch_export` and `batchExport` to `Batch export`; what the vendor wrote in words stays. */
function nameWords(name: string): string {
  if (/\s/.test(name)) return name;
  const words = name
    .replace(/[_-]+/g, " ")
    .replace(/([a-z\d])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function count(amount: number, unit: string): string {
  return amount === 1 ? `1 ${unit}` : `${amount} ${unit}s`;
}

/** After the amount: `per seat per month`, `per unit per year`, `per month`; one-time prices name no unit. */
export function rateWords(price: {
  interval: string | null;
  intervalCount: number | null;
  maxQuantity: number;
  seats: "keys" | "devices";
}): string {
  const period = intervalWords(price);
  if (!price.interval || price.maxQuantity === 1) return period;
  return `${price.seats === "keys" ? "per seat" : "per unit"} ${period}`;
}

/** The words on the button that buys: a trial says so, and what renews itself is never "bought". */
export function purchaseWords(price: { interval: string | null; trialDays: number | null }): string {
  if (!price.interval) return "Buy";
  return price.trialDays === null ? "Subscribe" : `Start ${price.trialDays}-day trial`;
}
