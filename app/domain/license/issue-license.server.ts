import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import {
  type CustomerRow,
  findOrCreateCustomer,
  normalizeEmail,
} from "#app/domain/customer/customer.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import { newId } from "#app/domain/ids.ts";
import { claim, remember, requireReason } from "#app/domain/license/change-license.server.ts";
import { extendedEnd } from "#app/domain/license/extend-license.ts";
import { randomKey, storedKey } from "#app/domain/license/license-key.server.ts";
import { dayWords } from "#app/domain/license/license-words.ts";
import { planName } from "#app/domain/product/plan-words.ts";
import type { Tx } from "#app/infra/db.server.ts";
import type { Order, Prisma } from "#app/infra/prisma-client/client.ts";
import { inTransactionThenWake } from "#app/infra/wake-worker.server.ts";

export type IssueByHand = {
  email: string;
  name?: string | undefined;
  policyId: string;
  /** `YYYY-MM-DD`, the last day it works; empty = the policy's own term. */
  validUntil?: string | undefined;
  /** 1 to 20. */
  quantity: number;
  /** 3 to 500 characters, kept in the audit log. */
  reason: string;
  submission: string;
  actor: Actor & { type: "staff" };
  now: Date;
  requestId: string | null;
};

export const maxIssuedAtOnce = 20;
const dayMs = 86_400_000;
type Policy = Prisma.PolicyGetPayload<{ include: { product: true } }>;

/**
 * Issues licenses that nobody paid for here, with terms copied from a policy: customer (made when unknown), order
 * of origin `staff`, licenses with random keys, audit rows and the mail with the keys, in one transaction.
 * @returns the order, or null ids when this form was already carried out.
 * @throws DomainError INVALID on the field that is wrong.
 */
export async function issueLicenseByHand(
  request: IssueByHand,
): Promise<{ message: string; orderId: string | null; licenseIds: string[] }> {
  const reason = requireReason(request.reason);
  const email = normalizeEmail(request.email);
  if (!/^[^\s@]+@[^\s@]+$/.test(email) || email.length > 254)
    throw new DomainError("INVALID", "Enter an address such as name@example.com.", { field: "email" });
  const { quantity, actor, now } = request;
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > maxIssuedAtOnce)
    throw new DomainError("INVALID", `Choose a quantity from 1 to ${maxIssuedAtOnce}.`, {
      field: "quantity",
    });
  return inTransactionThenWake(async (tx) => {
    const said = await claim(tx, request);
    if (said !== null) return { message: said, orderId: null, licenseIds: [] };
    const policy = await requirePolicy(tx, request.policyId);
    const terms = termsByHand(policy, request.validUntil ?? "", now);
    const customer = await findOrCreateCustomer(tx, {
      email,
      name: request.name?.trim() || null,
      actor,
      now,
    });
    const order = await recordOrder(tx, { ...request, reason }, policy, customer);
    const licenseIds = await issue(tx, { ...request, reason }, policy, terms, order, customer);
    await queueEmail(tx, {
      now,
      kind: "license-issued",
      causeKey: order.id,
      recipient: customer.email,
      props: { orderId: order.id },
      customerId: customer.id,
      orderId: order.id,
    });
    const [count, keys] =
      licenseIds.length === 1 ? ["1 license", "key is"] : [`${licenseIds.length} licenses`, "keys are"];
    const message = `${count} issued to ${customer.email} (order #${order.number}). The ${keys} on the way by email.`;
    await remember(tx, request.submission, message);
    return { message, orderId: order.id, licenseIds };
  });
}

async function requirePolicy(tx: Tx, policyId: string): Promise<Policy> {
  const policy = await tx.policy.findUnique({ where: { id: policyId }, include: { product: true } });
  if (!policy || policy.archivedAt || policy.product.archivedAt)
    throw new DomainError("INVALID", "Choose a policy that is in the catalog.", { field: "policyId" });
  return policy;
}

/** No subscription stands behind such a license, so a chosen end makes it a dated one: it has no renewal and no grace. */
function termsByHand(
  policy: Policy,
  validUntil: string,
  now: Date,
): { term: string; paidUntil: Date | null } {
  if (validUntil) {
    const reached = extendedEnd({ current: now, extension: { kind: "date", date: validUntil }, now });
    if (reached.ok) return { term: "days", paidUntil: reached.end };
    const today = dayWords(now);
    const problem = /is not after/.test(reached.problem)
      ? `This day is over. Choose a day from ${today} on.`
      : reached.problem;
    throw new DomainError("INVALID", problem, { field: "validUntil" });
  }
  if (policy.term === "subscription")
    throw new DomainError(
      "INVALID",
      "This policy belongs to a subscription, which decides its end. Choose the day on which this license ends.",
      { field: "validUntil" },
    );
  const paidUntil = policy.term === "days" ? new Date(now.getTime() + (policy.termDays ?? 0) * dayMs) : null;
  return { term: policy.term, paidUntil };
}

async function recordOrder(
  tx: Tx,
  request: IssueByHand,
  policy: Policy,
  customer: CustomerRow,
): Promise<Order> {
  const { now, quantity } = request;
  const order = await tx.order.create({
    data: {
      id: newId("ord", now),
      origin: "staff",
      customerId: customer.id,
      email: customer.email,
      fulfilledAt: now,
      createdAt: now,
      lines: {
        create: {
          id: newId("line", now),
          description: planName(policy.product.name, policy.name),
          quantity,
          policyId: policy.id,
        },
      },
    },
  });
  await recordAudit(tx, {
    now,
    actor: request.actor,
    event: "order.created",
    target: { type: "order", id: order.id },
    orderId: order.id,
    customerId: customer.id,
    reason: request.reason,
    after: { origin: "staff", quantity, policyId: policy.id },
    requestId: request.requestId,
  });
  return order;
}

async function issue(
  tx: Tx,
  request: IssueByHand,
  policy: Policy,
  terms: { term: string; paidUntil: Date | null },
  order: Order,
  customer: CustomerRow,
): Promise<string[]> {
  const { now, quantity } = request;
  const byDevices = policy.seats === "devices";
  const prefix = policy.product.keyPrefix;
  const rows = Array.from({ length: byDevices ? 1 : quantity }, () => {
    const id = newId("lic", now);
    return {
      ...storedKey(id, prefix, randomKey(prefix)),
      ...terms,
      id,
      productId: policy.productId,
      policyId: policy.id,
      customerId: customer.id,
      orderId: order.id,
      deviceLimit: policy.deviceLimit === null ? null : policy.deviceLimit * (byDevices ? quantity : 1),
      graceDays: policy.graceDays,
      leaseSeconds: policy.leaseSeconds,
      entitlements: policy.entitlements ?? {},
      updatesUntil: policy.updatesDays === null ? null : new Date(now.getTime() + policy.updatesDays * dayMs),
      issuedAt: now,
      createdAt: now,
    };
  });
  await tx.license.createMany({ data: rows });
  for (const row of rows)
    await recordAudit(tx, {
      now,
      actor: request.actor,
      event: "license.issued",
      target: { type: "license", id: row.id },
      licenseId: row.id,
      orderId: order.id,
      customerId: customer.id,
      reason: request.reason,
      after: { policyId: policy.id, paidUntil: row.paidUntil?.toISOString() ?? null },
      requestId: request.requestId,
    });
  return rows.map((row) => row.id);
}
