import type { SettledLicense } from "#app/domain/license/settle-license.ts";
import type { PolicyMap, PolicyTerms } from "#app/domain/order/project-sale.ts";
import type { ChargedPayment, DisputeFacts, RefundFacts } from "#app/domain/payment/payment.ts";
import { defaultSettings, type Settings } from "#app/domain/setting/settings.ts";
import { type LicensePlan, planLicenses } from "#app/domain/subscription/plan-licenses.ts";
import { projectSubscription } from "#app/domain/subscription/project-subscription.ts";
import type {
  InvoiceFacts,
  InvoiceLine,
  SubscriptionFacts,
  SubscriptionItem,
} from "#app/domain/subscription/subscription.ts";

/** The months of the scenarios: bought at T0, renewed at T1, T2 and T3. */
export const T0 = new Date("2026-11-21T10:00:00Z");
export const T1 = new Date("2026-12-21T10:00:00Z");
export const T2 = new Date("2027-01-21T10:00:00Z");
export const T3 = new Date("2027-02-21T10:00:00Z");

const hourMs = 3_600_000;
export const daysAfter = (from: Date, days: number) => new Date(from.getTime() + days * 24 * hourMs);
export const hoursAfter = (from: Date, hours: number) => new Date(from.getTime() + hours * hourMs);

export function policyTerms(overrides: Partial<PolicyTerms> = {}): PolicyTerms {
  return {
    id: "pol_monthly",
    productId: "prod_1",
    productName: "Lumen",
    keyPrefix: "LUMEN",
    slug: "lumen-monthly",
    term: "subscription",
    termDays: null,
    deviceLimit: 3,
    updatesDays: null,
    graceDays: 7,
    leaseSeconds: null,
    entitlements: {},
    seats: "keys",
    ...overrides,
  };
}

/** Each price sells its policy; `price_monthly` is the usual one. */
export function policiesByPrice(prices: Record<string, PolicyTerms>): PolicyMap {
  return {
    orderLines: new Map(),
    sessionSlug: null,
    byPriceId: new Map(Object.entries(prices)),
    byLookupKey: new Map(),
    bySlug: new Map(),
  };
}

export const monthly = policiesByPrice({ price_monthly: policyTerms() });
export const knobs = (chosen: Partial<Settings> = {}): Settings => ({ ...defaultSettings, ...chosen });

export function anItem(overrides: Partial<SubscriptionItem> = {}): SubscriptionItem {
  return {
    id: "si_1",
    description: "Lumen monthly",
    quantity: 3,
    metered: false,
    priceId: "price_monthly",
    lookupKey: null,
    policySlug: null,
    unitAmount: 1500,
    currency: "usd",
    interval: "month",
    intervalCount: 1,
    periodStart: T0,
    periodEnd: T1,
    ...overrides,
  };
}

export function aLine(periodStart: Date, periodEnd: Date, overrides: Partial<InvoiceLine> = {}): InvoiceLine {
  return {
    id: `il_${overrides.itemId ?? "si_1"}_${periodStart.getTime()}`,
    itemId: "si_1",
    priceId: "price_monthly",
    proration: false,
    quantity: 3,
    amount: 4500,
    periodStart,
    periodEnd,
    ...overrides,
  };
}

/** The small charge for a change in the middle of a period. */
export function aProration(periodStart: Date, periodEnd: Date, overrides: Partial<InvoiceLine> = {}) {
  return aLine(periodStart, periodEnd, {
    proration: true,
    amount: 40,
    id: `il_p${periodStart.getTime()}`,
    ...overrides,
  });
}

export function anInvoice(lines: InvoiceLine[], overrides: Partial<InvoiceFacts> = {}): InvoiceFacts {
  const created = lines[0]?.periodStart ?? T0;
  const total = lines.reduce((sum, line) => sum + line.amount, 0);
  return {
    id: `in_${created.getTime()}`,
    number: null,
    status: "paid",
    billingReason: created > T0 ? "subscription_cycle" : "subscription_create",
    created,
    total,
    amountPaid: total,
    currency: "usd",
    attemptCount: 1,
    nextPaymentAttempt: null,
    dueDate: null,
    paidAt: created,
    hostedInvoiceUrl: null,
    finalizationError: null,
    requiresAction: false,
    lines,
    payments: [],
    ...overrides,
  };
}

/** An invoice for one period of the usual item, paid by one payment. */
export function paidFor(start: Date, end: Date, payment: Partial<ChargedPayment> = {}): InvoiceFacts {
  const charge = aPayment({ id: `pi_${start.getTime()}`, amount: 4500, ...payment });
  return anInvoice([aLine(start, end)], { payments: [charge] });
}

/** An invoice for one period of the usual item, in a state that is not paid. */
export function owedFor(
  start: Date,
  end: Date,
  status: string,
  overrides: Partial<InvoiceFacts> = {},
): InvoiceFacts {
  return anInvoice([aLine(start, end)], { status, amountPaid: 0, paidAt: null, ...overrides });
}

/** Three monthly seats, bought and paid at T0. */
export function aSubscription(overrides: Partial<SubscriptionFacts> = {}): SubscriptionFacts {
  return {
    id: "sub_1",
    livemode: false,
    status: "active",
    created: T0,
    stripeCustomer: { id: "cus_1", email: "buyer@example.com", name: null, deleted: false },
    metadata: {},
    trialStart: null,
    trialEnd: null,
    cancelAt: null,
    cancelAtPeriodEnd: false,
    endedAt: null,
    endedBecause: null,
    pausedBecause: null,
    pauseCollection: null,
    collectionMethod: "charge_automatically",
    items: [anItem()],
    invoices: [paidFor(T0, T1)],
    ...overrides,
  };
}

/** After T1: Stripe bills the second period, and this is what became of its invoice. */
export function rolledOver(invoice: InvoiceFacts | null, overrides: Partial<SubscriptionFacts> = {}) {
  return aSubscription({
    items: [anItem({ periodStart: T1, periodEnd: T2 })],
    invoices: [...(invoice ? [invoice] : []), paidFor(T0, T1)],
    ...overrides,
  });
}

export function aPayment(overrides: Partial<ChargedPayment> = {}): ChargedPayment {
  return {
    id: "pi_1",
    amount: 9900,
    currency: "usd",
    refunds: [],
    disputes: [],
    fraudWarnings: [],
    ...overrides,
  };
}

export function aRefund(overrides: Partial<RefundFacts> = {}): RefundFacts {
  return { id: "re_1", amount: 9900, status: "succeeded", chargeId: "ch_1", created: T0, ...overrides };
}

export function aDispute(status: string, overrides: Partial<DisputeFacts> = {}): DisputeFacts {
  return {
    id: "dp_1",
    amount: 9900,
    status,
    caseType: "chargeback",
    reason: "fraudulent",
    created: T0,
    evidenceDueBy: null,
    ...overrides,
  };
}

export function aSettledLicense(overrides: Partial<SettledLicense> = {}): SettledLicense {
  return {
    id: "lic_0",
    productId: "prod_1",
    policyId: "pol_monthly",
    itemKey: "si_1",
    ordinal: 0,
    paidUntil: T1,
    graceUntil: hoursAfter(T1, 48),
    extendedUntil: null,
    graceDays: 7,
    deviceLimit: 3,
    seats: 1,
    revokedAt: null,
    firstActivatedAt: null,
    holds: [],
    ...overrides,
  };
}

/** What the licenses are once the plan is carried out; new ones are named after the place they were made for. */
export function carriedOut(licenses: readonly SettledLicense[], plan: LicensePlan): SettledLicense[] {
  const kept = licenses.map((license): SettledLicense => {
    const change = plan.change.find(({ licenseId }) => licenseId === license.id);
    if (!change) return license;
    const { addHolds, removeHolds, columns } = change;
    const holds = license.holds.filter((cause) => !removeHolds.includes(cause));
    return { ...license, ...columns, holds: [...holds, ...addHolds.map(({ cause }) => cause)] };
  });
  const nameOf = (place: string): string =>
    licenses.some(({ id }) => id === place) ? nameOf(`${place}'`) : place;
  const made = plan.create.map((license) =>
    aSettledLicense({
      ...license,
      id: nameOf(`lic_${license.itemKey}_${license.ordinal}`),
      productId: license.policy.productId,
      policyId: license.policy.id,
      graceDays: license.policy.graceDays,
      holds: license.holds.map(({ cause }) => cause),
    }),
  );
  return [...kept, ...made];
}

export type SyncOptions = { policies?: PolicyMap; settings?: Settings; now?: Date };

/** One sync in memory: what the licenses of a subscription become, given what they were. */
export function synced(
  subscription: SubscriptionFacts,
  licenses: readonly SettledLicense[] = [],
  { policies = monthly, settings = knobs(), now = T0 }: SyncOptions = {},
): SettledLicense[] {
  const projection = projectSubscription(subscription, policies, settings, now);
  return carriedOut(licenses, planLicenses(subscription.id, licenses, projection, now));
}
