import { earliest } from "#app/domain/earliest.ts";
import {
  type DesiredState,
  type LicenseChange,
  type SettledLicense,
  settleLicense,
} from "#app/domain/license/settle-license.ts";
import type { PolicyTerms } from "#app/domain/order/project-sale.ts";
import type { Hold } from "#app/domain/payment/payment-holds.ts";
import {
  type Grace,
  type ItemProjection,
  maxUnitsPerSubscription,
  type SubscriptionProjection,
} from "#app/domain/subscription/project-subscription.ts";

/** A license that is owed and missing. */
export type NewLicense = {
  itemKey: string;
  ordinal: number;
  policy: PolicyTerms;
  seats: number;
  deviceLimit: number | null;
  issuedAt: Date;
  paidUntil: Date;
  graceUntil: Date | null;
  updatesUntil: Date | null;
  holds: Hold[];
};

export type LicensePlan = {
  create: NewLicense[];
  change: LicenseChange[];
  /** When a license changes by itself: the end of a grace, of an extension that outlasts the payment. */
  nextCheckAt: Date | null;
};

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * What has to be written so that the licenses of a subscription are what its projection says. Pure. A second run
 * with its result changes nothing. Keys stay with their buyer: a seat that goes is released and comes back as the same
 * key, and the keys of a plan that was replaced move to the new one (stripe.md 2.2).
 */
export function planLicenses(
  subscriptionId: string,
  licenses: readonly SettledLicense[],
  projection: SubscriptionProjection,
  now: Date,
): LicensePlan {
  const plan: LicensePlan = { create: [], change: [], nextCheckAt: null };
  const homes = findHomes(licenses, projection);
  for (const item of projection.items) {
    const own = homes.get(item.itemKey) ?? [];
    planItem(subscriptionId, own, item, projection, now, plan);
  }
  if (projection.state !== "live") return plan;
  // What belongs to no item any more keeps its key and waits for the plan to come back.
  for (const license of homes.get(null) ?? []) {
    const holds = [releasedHold(subscriptionId)];
    const change = settleLicense(license, { ...license, holds, revokedBecause: null }, now);
    if (change) plan.change.push(change);
  }
  return plan;
}

function planItem(
  subscriptionId: string,
  own: readonly SettledLicense[],
  item: ItemProjection,
  projection: SubscriptionProjection,
  now: Date,
  plan: LicensePlan,
): void {
  const { policy } = item;
  const shared = policy ? policy.seats === "devices" : own.some(({ seats }) => seats > 1);
  const units = item.units === null ? null : Math.min(item.units, maxUnitsPerSubscription);
  const count = units === null ? null : shared ? Math.min(1, units) : units;
  // A shared license of no units is released; it keeps one seat's devices for when it comes back.
  const seats = shared ? (units === null ? null : Math.max(1, units)) : 1;
  const released = releasedOf(own, count);
  for (const license of own) {
    const size = sizeOf(license, policy, seats);
    const graceDays = size.newTerms?.graceDays ?? license.graceDays;
    const grace = graceEnd(item.paidUntil, item.grace, graceDays);
    const change = settleLicense(
      license,
      {
        paidUntil: item.paidUntil,
        graceUntil: grace,
        holds: [
          ...projection.holds,
          ...item.holds,
          ...unpaidHolds(projection, item, grace, now),
          ...(released.has(license.id) ? [releasedHold(subscriptionId)] : []),
        ],
        revokedBecause: item.revokedBecause,
        itemKey: item.itemKey,
        ordinal: license.ordinal,
        ...size,
      },
      now,
    );
    if (change) plan.change.push(change);
    noteMarks(plan, [projection.unpaidHold ? grace : null, license.extendedUntil], now);
  }
  if (!policy || count === null || item.revokedBecause) return;
  const grace = graceEnd(item.paidUntil, item.grace, policy.graceDays);
  const taken = own.map((license) => license.ordinal ?? 0);
  const first = taken.length > 0 ? Math.max(...taken) + 1 : 0;
  for (let missing = 0; missing < count - own.length; missing++) {
    plan.create.push({
      itemKey: item.itemKey,
      ordinal: first + missing,
      policy,
      seats: seats ?? 1,
      deviceLimit: policy.deviceLimit === null ? null : policy.deviceLimit * (seats ?? 1),
      issuedAt: item.paidFrom,
      paidUntil: item.paidUntil,
      graceUntil: grace,
      updatesUntil:
        policy.updatesDays === null ? null : new Date(item.paidFrom.getTime() + policy.updatesDays * dayMs),
      holds: [...projection.holds, ...item.holds, ...unpaidHolds(projection, item, grace, now)],
    });
    noteMarks(plan, [projection.unpaidHold ? grace : null], now);
  }
}

/**
 * Which licenses belong to which item. Those of an item that is gone move to one that has none yet, of the same product
 * if there is one: the plan was replaced. The others, and those of an item that is not paid, are listed under null.
 */
function findHomes(
  licenses: readonly SettledLicense[],
  { items, itemKeys }: SubscriptionProjection,
): Map<string | null, SettledLicense[]> {
  const homes = new Map<string | null, SettledLicense[]>();
  const put = (home: string | null, license: SettledLicense) =>
    homes.set(home, [...(homes.get(home) ?? []), license]);
  const current = new Set(items.map(({ itemKey }) => itemKey));
  const unpaid = new Set(itemKeys.filter((itemKey) => !current.has(itemKey)));
  const gone = new Map<string | null, SettledLicense[]>();
  for (const license of licenses)
    if (license.itemKey !== null && current.has(license.itemKey)) put(license.itemKey, license);
    else if (license.itemKey !== null && unpaid.has(license.itemKey)) put(null, license);
    else gone.set(license.itemKey, [...(gone.get(license.itemKey) ?? []), license]);
  const isOf = ({ policy }: ItemProjection, group: readonly SettledLicense[]) =>
    policy?.productId === group[0]?.productId;
  const vacant = () => items.filter(({ itemKey }) => !homes.has(itemKey));
  // Those that find their own product choose first.
  const choosers = [...gone.values()].sort(
    (a, b) => Number(items.some((item) => isOf(item, b))) - Number(items.some((item) => isOf(item, a))),
  );
  for (const group of choosers) {
    const home = vacant().find((item) => isOf(item, group)) ?? vacant()[0];
    for (const license of group) put(home?.itemKey ?? null, license);
  }
  for (const group of homes.values()) group.sort((a, b) => (a.ordinal ?? 0) - (b.ordinal ?? 0));
  return homes;
}

/**
 * Which seats go when there are more than units. Released ones come back first when there is room again; of the
 * working ones those that nobody uses go first, then the highest numbers.
 */
function releasedOf(own: readonly SettledLicense[], count: number | null): Set<string> {
  const isReleased = (license: SettledLicense) =>
    license.holds.some((cause) => cause.startsWith("released:"));
  if (count === null) return new Set(own.filter(isReleased).map(({ id }) => id));
  const rank = (license: SettledLicense) =>
    (isReleased(license) ? 4 : 0) + (license.revokedAt ? 2 : 0) + (license.firstActivatedAt ? 0 : 1);
  const stayingFirst = [...own].sort((a, b) => rank(a) - rank(b) || (a.ordinal ?? 0) - (b.ordinal ?? 0));
  return new Set(stayingFirst.slice(count).map(({ id }) => id));
}

function releasedHold(subscriptionId: string): Hold {
  return { cause: `released:${subscriptionId}`, reason: "The subscription has fewer seats now." };
}

/** Owing money holds a license only once its paid time and its grace are over. */
function unpaidHolds(
  projection: SubscriptionProjection,
  item: ItemProjection,
  grace: Date | null,
  now: Date,
): Hold[] {
  if (!projection.unpaidHold) return [];
  return (grace ?? item.paidUntil) <= now ? [projection.unpaidHold] : [];
}

/** The terms of the policy the item has now, when that is another than the license was sold under; and its seats. */
function sizeOf(
  license: SettledLicense,
  policy: PolicyTerms | null,
  seats: number | null,
): Pick<DesiredState, "seats" | "deviceLimit" | "newTerms"> {
  const size = seats ?? license.seats;
  if (!policy || policy.id === license.policyId) {
    const each = license.deviceLimit === null ? null : license.deviceLimit / license.seats;
    return { seats: size, deviceLimit: each === null ? null : Math.max(1, Math.round(each * size)) };
  }
  return {
    seats: size,
    deviceLimit: policy.deviceLimit === null ? null : policy.deviceLimit * size,
    newTerms: {
      productId: policy.productId,
      policyId: policy.id,
      graceDays: policy.graceDays,
      leaseSeconds: policy.leaseSeconds,
      entitlements: policy.entitlements,
    },
  };
}

/** Until when a license works after its paid end; null = not beyond it. */
export function graceEnd(paidUntil: Date, grace: Grace, graceDays: number): Date | null {
  switch (grace.kind) {
    case "none":
      return null;
    case "hours":
      return new Date(paidUntil.getTime() + grace.hours * hourMs);
    case "days":
      return new Date(paidUntil.getTime() + graceDays * dayMs);
    case "until": {
      const end = Math.max(grace.at.getTime(), paidUntil.getTime()) + graceDays * dayMs;
      return new Date(end);
    }
  }
}

function noteMarks(plan: LicensePlan, marks: readonly (Date | null)[], now: Date): void {
  plan.nextCheckAt = earliest(plan.nextCheckAt, ...marks.filter((mark) => mark && mark > now));
}
