import { z } from "zod";
import { assessLicense, type LicenseStatus, validUntil } from "#app/domain/license/assess-license.ts";
import { licenseFacts } from "#app/domain/license/license-facts.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { maskKey } from "#app/domain/license/license-key.ts";
import {
  auditHistoryEntry,
  emailHistoryEntry,
  ownerAuditEvents,
  ownerEmailKinds,
  ownerEnds,
  ownerHoldWords,
  type PortalHistoryEntry,
} from "#app/domain/license/portal-license.ts";
import { seatsInUse } from "#app/domain/license/seats-in-use.ts";
import type { Json } from "#app/domain/product/catalog.ts";
import { canBeId } from "#app/domain/search-text.ts";
import { db } from "#app/infra/db.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import type { Prisma } from "#app/infra/prisma-client/client.ts";

/** A license as its owner sees it. */
export type PortalLicense = {
  id: string;
  productName: string;
  policyName: string;
  maskedKey: string;
  /** null when the key cannot be read: it was sealed under another master key. */
  key: string | null;
  status: LicenseStatus;
  /** Whether it works at this moment. */
  valid: boolean;
  /** "Never ends", "Ends 3 Dec 2027", … */
  ends: string;
  devicesUsed: number;
  /** null = any number */
  deviceLimit: number | null;
  /** Units of the purchase this one key stands for. */
  seats: number;
  /** sub_…, when a subscription pays for it. */
  subscriptionId: string | null;
  /** Whether it waits for the subscription to have more seats. */
  released: boolean;
  issuedAt: Date;
};

export type PortalLicenseDetail = PortalLicense & {
  /** perpetual | days | subscription */
  term: string;
  /** Why it is on hold, in sentences. */
  holdReasons: string[];
  entitlements: Record<string, Json>;
  updatesUntil: Date | null;
  orderNumber: number | null;
  ownerEmail: string;
  /** Newest first. */
  history: PortalHistoryEntry[];
};

const shownAt = (now: Date) =>
  ({
    product: { select: { name: true } },
    policy: { select: { name: true } },
    holds: { select: { cause: true } },
    order: { select: { number: true } },
    _count: { select: { activations: { where: seatsInUse(now) } } },
  }) satisfies Prisma.LicenseInclude;
type ShownLicense = Prisma.LicenseGetPayload<{ include: ReturnType<typeof shownAt> }>;

/** The customer's own licenses, newest first, those of one purchase in its order. */
export async function listLicensesForCustomer(input: {
  customerId: string;
  now: Date;
}): Promise<PortalLicense[]> {
  const rows = await db().license.findMany({
    where: { customerId: input.customerId },
    include: shownAt(input.now),
    orderBy: [
      { issuedAt: "desc" },
      { sourceId: "desc" },
      { itemKey: "asc" },
      { ordinal: "asc" },
      { id: "desc" },
    ],
  });
  return rows.map((row) => toPortalLicense(row, input.now));
}

/** One license of this customer with its own history; null when it is unknown or somebody else's. */
export async function getLicenseForCustomer(input: {
  licenseId: string;
  customerId: string;
  now: Date;
}): Promise<PortalLicenseDetail | null> {
  const { licenseId, customerId, now } = input;
  if (!canBeId(licenseId)) return null;
  const owner = await db().customer.findUnique({
    where: { id: customerId },
    select: { email: true, licenses: { where: { id: licenseId }, include: shownAt(now) } },
  });
  const row = owner?.licenses[0];
  if (!row) return null;
  return {
    ...toPortalLicense(row, now),
    term: row.term,
    holdReasons: ownerHoldWords(row.holds.map(({ cause }) => cause)),
    entitlements: z.record(z.string(), z.json()).parse(row.entitlements),
    updatesUntil: row.updatesUntil,
    orderNumber: row.order?.number ?? null,
    ownerEmail: owner.email,
    history: await historyForOwner(row, owner.email),
  };
}

/** How a customer has a plan already: a subscription that runs, or a dated license that paying again prolongs. */
export type OwnedPlan = { licenseId: string; how: "subscription" | "dated" };

/**
 * The plans this customer has, by policy, each with one license of it: a gentle word in the shop, so that nobody pays
 * twice without meaning to.
 */
export async function listOwnedPlans(input: {
  customerId: string;
  now: Date;
}): Promise<Record<string, OwnedPlan>> {
  const runs = [{ paidUntil: { gt: input.now } }, { graceUntil: { gt: input.now } }];
  const rows = await db().license.findMany({
    where: {
      customerId: input.customerId,
      revokedAt: null,
      holds: { none: {} },
      OR: [
        { term: "subscription", sourceId: { startsWith: "sub_" }, OR: runs },
        { term: "days", paidUntil: { not: null } },
      ],
    },
    select: { id: true, policyId: true, term: true },
    // The last one counts: the one that ends last.
    orderBy: [{ paidUntil: "asc" }, { ordinal: "desc" }],
  });
  return Object.fromEntries(
    rows.map(({ policyId, id, term }) => [
      policyId,
      { licenseId: id, how: term === "days" ? ("dated" as const) : ("subscription" as const) },
    ]),
  );
}

function toPortalLicense(row: ShownLicense, now: Date): PortalLicense {
  const facts = licenseFacts(row);
  const { status, valid } = assessLicense(facts, now);
  return {
    id: row.id,
    productName: row.product.name,
    policyName: row.policy.name,
    maskedKey: maskKey(row.keyPrefix, row.keyLastGroup),
    key: readKeyOrNull(row),
    status,
    valid,
    ends: ownerEnds(facts, now),
    devicesUsed: row._count.activations,
    deviceLimit: row.deviceLimit,
    seats: row.seats,
    subscriptionId: row.sourceId?.startsWith("sub_") ? row.sourceId : null,
    released: facts.holds.some((cause) => cause.startsWith("released:")),
    issuedAt: row.issuedAt,
  };
}

/** One key that cannot be read must not take the whole page with it. */
function readKeyOrNull(row: ShownLicense): string | null {
  try {
    return readKey(row);
  } catch (error) {
    logger().error(
      { err: error, license: row.id },
      "a license key could not be read; is this the right MASTER_KEY?",
    );
    return null;
  }
}

const shownHistory = 200;

async function historyForOwner(row: ShownLicense, ownerEmail: string): Promise<PortalHistoryEntry[]> {
  const [events, emails] = await Promise.all([
    db().auditLog.findMany({
      where: { licenseId: row.id, event: { in: [...ownerAuditEvents] } },
      select: { seq: true, at: true, event: true, after: true },
      orderBy: { seq: "desc" },
      // The devices of floating seats come and go all the time.
      take: shownHistory,
    }),
    db().email.findMany({
      where: {
        kind: { in: [...ownerEmailKinds] },
        sentAt: { not: null },
        OR: [{ licenseId: row.id }, ...(row.orderId ? [{ orderId: row.orderId, licenseId: null }] : [])],
      },
      select: { id: true, sentAt: true, kind: true, recipient: true },
    }),
  ]);
  const entries = [
    ...events.map(({ after, ...event }) =>
      auditHistoryEntry({ ...event, validUntil: endAfter(after), deviceName: deviceIn(after) }),
    ),
    ...emails.map(({ sentAt, ...email }) => sentAt && emailHistoryEntry({ ...email, sentAt, ownerEmail })),
  ];
  return entries
    .filter((entry) => entry !== null)
    .sort((a, b) => b.at.getTime() - a.at.getTime() || (a.id < b.id ? 1 : -1));
}

const optionalInstant = z.coerce.date().nullish().catch(null);
const EndSchema = z.object({ paidUntil: optionalInstant, extendedUntil: optionalInstant }).catch({});

/** The end a record of a change tells of; records of other kinds tell none. */
function endAfter(after: unknown): Date | null {
  const { paidUntil, extendedUntil } = EndSchema.parse(after);
  return validUntil({ paidUntil: paidUntil ?? null, extendedUntil: extendedUntil ?? null });
}

const DeviceSchema = z.object({ deviceName: z.string().nullable().catch(null) }).catch({ deviceName: null });

/** The device a record of an activation or release tells of. */
function deviceIn(after: unknown): string | null {
  return DeviceSchema.parse(after).deviceName;
}
