import { newId } from "#app/domain/ids.ts";
import { keyForSlot, randomKey, storedKey } from "#app/domain/license/license-key.server.ts";
import type { SubscriptionFacts } from "#app/domain/subscription/subscription.ts";
import { subscriptionSnapshot } from "#app/domain/subscription/subscription-snapshot.server.ts";
import { db } from "#app/infra/db.server.ts";
import type { Prisma } from "#app/infra/prisma-client/client.ts";
import { encrypt, hmac } from "#app/infra/secrets.server.ts";
import { subscriptionFacts } from "#tests/stored-subscription.ts";

let counter = 0;
const next = () => ++counter;

/** Each factory inserts a believable row; `overrides` replace single columns. */
export function aProduct(overrides: Partial<Prisma.ProductUncheckedCreateInput> = {}) {
  const n = next();
  return db().product.create({
    data: { id: newId("prod"), slug: `product-${n}`, name: `Product ${n}`, keyPrefix: "TEST", ...overrides },
  });
}

export async function aPolicy(overrides: Partial<Prisma.PolicyUncheckedCreateInput> = {}) {
  const n = next();
  const productId = overrides.productId ?? (await aProduct()).id;
  return db().policy.create({
    data: {
      id: newId("pol"),
      slug: `policy-${n}`,
      name: `Policy ${n}`,
      term: "perpetual",
      deviceLimit: 3,
      ...overrides,
      productId,
    },
  });
}

export async function aPrice(overrides: Partial<Prisma.PriceUncheckedCreateInput> = {}) {
  const policyId = overrides.policyId ?? (await aPolicy()).id;
  return db().price.create({
    data: {
      id: newId("price"),
      stripePriceId: `price_test${next()}`,
      amount: 9900,
      currency: "usd",
      maxQuantity: 10,
      ...overrides,
      policyId,
    },
  });
}

export function aCustomer(overrides: Partial<Prisma.CustomerUncheckedCreateInput> = {}) {
  return db().customer.create({
    data: { id: newId("cust"), email: `customer${next()}@example.com`, ...overrides },
  });
}

export function aStaffMember(overrides: Partial<Prisma.StaffMemberUncheckedCreateInput> = {}) {
  const n = next();
  return db().staffMember.create({
    data: {
      id: newId("staff"),
      email: `staff${n}@example.com`,
      name: `Staff ${n}`,
      role: "owner",
      passwordHash: "not a password hash",
      ...overrides,
    },
  });
}

export async function anOrder(overrides: Partial<Prisma.OrderUncheckedCreateInput> = {}) {
  const customer = overrides.customerId === undefined ? await aCustomer() : null;
  return db().order.create({
    data: {
      id: newId("ord"),
      email: customer?.email ?? null,
      stripeSessionId: `cs_test_${next()}`,
      amountTotal: 9900,
      currency: "usd",
      paidAt: new Date(),
      fulfilledAt: new Date(),
      ...overrides,
      customerId: overrides.customerId ?? customer?.id ?? null,
    },
  });
}

type LicenseColumns = Omit<Partial<Prisma.LicenseUncheckedCreateInput>, "customerId"> & { key?: string };
export type LicenseOverrides = LicenseColumns & { customerId?: string };
type LicenseWithHolds = Prisma.LicenseGetPayload<{ include: { holds: true } }>;
type Owned<Owner> = Omit<LicenseWithHolds, "customerId"> & { customerId: Owner };

/**
 * `key` sets the key in clear; the row holds what `storedKey` makes of it. It has an owner unless `customerId` is null,
 * as of one that a program made for nobody.
 */
export function aLicense(overrides?: LicenseOverrides): Promise<Owned<string>>;
export function aLicense(overrides: LicenseColumns & { customerId: null }): Promise<Owned<null>>;
export async function aLicense(overrides: LicenseColumns & { customerId?: string | null } = {}) {
  const { key, ...columns } = overrides;
  const policyId =
    columns.policyId ?? (await aPolicy(columns.productId ? { productId: columns.productId } : {})).id;
  const policy = await db().policy.findUniqueOrThrow({ where: { id: policyId }, include: { product: true } });
  const customerId = columns.customerId === undefined ? (await aCustomer()).id : columns.customerId;
  const id = columns.id ?? newId("lic");
  const prefix = policy.product.keyPrefix;
  const slot =
    columns.sourceId && columns.itemKey && columns.ordinal !== undefined && columns.ordinal !== null
      ? { sourceId: columns.sourceId, itemKey: columns.itemKey, ordinal: columns.ordinal, generation: 0 }
      : null;
  const license = await db().license.create({
    data: {
      ...storedKey(id, prefix, key ?? (slot ? keyForSlot(prefix, slot) : randomKey(prefix))),
      term: policy.term,
      deviceLimit: policy.deviceLimit,
      graceDays: policy.graceDays,
      leaseSeconds: policy.leaseSeconds,
      issuedAt: new Date(),
      ...columns,
      id,
      productId: policy.productId,
      policyId,
      customerId,
    },
    include: { holds: true },
  });
  return { ...license, customerId };
}

/** A device in use; `fingerprint` sets what the columns are made of. */
export async function anActivation(
  overrides: Partial<Prisma.ActivationUncheckedCreateInput> & { fingerprint?: string } = {},
) {
  const { fingerprint = `fingerprint-${next()}`, ...columns } = overrides;
  const id = columns.id ?? newId("act");
  return db().activation.create({
    data: {
      fingerprintHmac: hmac("fingerprint-lookup", fingerprint).toString("hex"),
      fingerprintCiphertext: encrypt("fingerprint-encryption", fingerprint, id),
      firstSeenAt: new Date(),
      lastSeenAt: new Date(),
      ...columns,
      id,
      licenseId: columns.licenseId ?? (await aLicense()).id,
    },
  });
}

/** A subscription that was bought here, with its order and its source as the last sync left it. */
export async function aSubscription(
  overrides: Partial<SubscriptionFacts> & {
    order?: Partial<Prisma.OrderUncheckedCreateInput>;
    createdAt?: Date;
  } = {},
) {
  const { order: orderColumns, createdAt = new Date(), ...facts } = overrides;
  const id = facts.id ?? `sub_test${next()}`;
  const order = await anOrder({ stripeSubscriptionId: id, ...orderColumns });
  const source = await db().stripeSource.create({
    data: {
      ...{ id, kind: "subscription", livemode: false, orderId: order.id, syncedSeq: 1, createdAt },
      stripeCustomerId: `cus_${id}`,
      snapshot: subscriptionSnapshot(subscriptionFacts(id, facts)),
    },
  });
  return { id, order, source };
}
