import { verifyAuditLog } from "#app/domain/audit-log/seal-audit-log.server.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { db } from "#app/infra/db.server.ts";
import { keysIn } from "#tests/crash/buyer.ts";
import type { MortalShop } from "#tests/crash/mortal-shop.ts";

export type Verdict = {
  paidSales: number;
  licensesOwed: number;
  lost: number;
  doubled: number;
  unpaid: number;
  mails: { owed: number; received: number; repeated: number };
  /** Attempts of Stripe's to deliver, and those that met a dead or dying shop. */
  attempts: { made: number; failed: number };
  acknowledged: number;
  faults: string[];
};

/**
 * Compares what the shop holds with what Stripe sold and the mailbox received: every paid unit has exactly one
 * license, every sale one mail row that was sent and at least one mail with exactly its keys, nothing unpaid has a
 * license, and every delivery Stripe got a 200 for is in the inbox.
 * `shownKeys`: those the return page showed to buyers; each must be one that was sold.
 */
export async function judge(shop: MortalShop, shownKeys: readonly string[]): Promise<Verdict> {
  const faults: string[] = [];
  const verdict: Verdict = {
    paidSales: 0,
    licensesOwed: 0,
    lost: 0,
    doubled: 0,
    unpaid: 0,
    mails: { owed: 0, received: 0, repeated: 0 },
    attempts: { made: 0, failed: 0 },
    acknowledged: 0,
    faults,
  };
  const paid = shop.standIn
    .sales()
    .filter((sale) => sale.status === "complete" && sale.paymentStatus !== "unpaid");
  const keys = new Set<string>();
  const oneForAll = await pricesOfSharedLicenses();
  for (const sale of paid) {
    const owed = sale.lines.reduce((sum, line) => sum + (oneForAll.has(line.price) ? 1 : line.quantity), 0);
    verdict.paidSales++;
    verdict.licensesOwed += owed;
    for (const key of await judgeSale(shop, sale.session, owed, verdict)) {
      if (keys.has(key)) faults.push(`${sale.session}: its key is another sale's too`);
      keys.add(key);
    }
  }
  const foreign = shownKeys.filter((key) => !keys.has(key)).length;
  if (foreign > 0) faults.push(`${foreign} keys were shown to buyers and are not theirs`);
  const paidSources = paid.map((sale) => sourceOf(shop, sale.session));
  verdict.unpaid = await db().license.count({
    where: { OR: [{ sourceId: null }, { sourceId: { notIn: paidSources } }] },
  });
  if (verdict.unpaid > 0) faults.push(`${verdict.unpaid} licenses nobody paid for`);
  await judgeRecords(shop, verdict);
  return verdict;
}

/** What the licenses of a sale come from: the subscription it began, or the session itself. */
function sourceOf({ standIn }: MortalShop, session: string): string {
  const subscription = standIn.tables().sessions.find(({ id }) => id === session)?.subscription;
  return typeof subscription === "string" ? subscription : session;
}

/** Plans whose quantity buys devices on one license, by their Stripe price. */
async function pricesOfSharedLicenses(): Promise<Set<string>> {
  const prices = await db().price.findMany({ where: { policy: { seats: "devices" } } });
  return new Set(prices.flatMap((price) => price.stripePriceId ?? []));
}

/** @returns the sale's keys */
async function judgeSale(
  shop: MortalShop,
  session: string,
  owed: number,
  verdict: Verdict,
): Promise<string[]> {
  const fault = (words: string) => void verdict.faults.push(`${session}: ${words}`);
  const licenses = await db().license.findMany({ where: { sourceId: sourceOf(shop, session) } });
  verdict.lost += Math.max(0, owed - licenses.length);
  verdict.doubled += Math.max(0, licenses.length - owed);
  if (licenses.length !== owed) fault(`${licenses.length} licenses instead of ${owed}`);
  const keys = licenses.map(readKey).sort();
  const order = await db().order.findUnique({ where: { stripeSessionId: session } });
  if (!order?.paidAt || !order.fulfilledAt) {
    fault("its order is not marked as paid and fulfilled");
    return keys;
  }
  for (const license of licenses) {
    const records = await db().auditLog.count({
      where: { licenseId: license.id, event: "license.issued" },
    });
    if (records !== 1) fault(`${records} audit records of issuing ${license.id}`);
  }
  const mails = await db().email.findMany({ where: { orderId: order.id, kind: "license-issued" } });
  const [mail] = mails;
  if (mails.length !== 1 || !mail?.sentAt) fault(`${mails.length} mails, sent at ${mail?.sentAt}`);
  const received = shop.mailbox.messages().filter((message) => message.messageId === mail?.messageId);
  verdict.mails.owed++;
  verdict.mails.received += received.length;
  verdict.mails.repeated += Math.max(0, received.length - 1);
  if (received.length === 0) fault("its mail never came");
  for (const message of received)
    if (keysIn(message.text).join() !== keys.join()) fault("a mail holds other keys than the licenses have");
  return keys;
}

async function judgeRecords(shop: MortalShop, verdict: Verdict): Promise<void> {
  const { faults } = verdict;
  const { deliveries } = shop.standIn.dump();
  const attempts = deliveries.flatMap((delivery) => delivery.attempts);
  verdict.attempts = {
    made: attempts.length,
    failed: attempts.filter((attempt) => attempt.status !== 200).length,
  };
  const acknowledged = deliveries
    .filter((delivery) => delivery.status === "succeeded")
    .map((delivery) => delivery.event);
  verdict.acknowledged = acknowledged.length;
  const stored = await db().stripeEvent.count({ where: { eventId: { in: acknowledged } } });
  if (stored !== acknowledged.length)
    faults.push(`${acknowledged.length - stored} acknowledged deliveries are not in the inbox`);
  const open = await db().stripeEvent.count({ where: { processedAt: null, ignoredAt: null } });
  if (open > 0) faults.push(`${open} events were never acted on`);
  const strayMails = await db().email.count({ where: { sentAt: null, droppedAt: null } });
  if (strayMails > 0) faults.push(`${strayMails} mails were never sent`);
  const alerts = await db().alert.findMany({ where: { resolvedAt: null } });
  for (const alert of alerts) faults.push(`an alert is open: ${alert.message}`);
  const audit = await verifyAuditLog();
  if (audit.firstBadSeq !== null || audit.unsealed > 0)
    faults.push(`the audit log is broken at ${audit.firstBadSeq}, ${audit.unsealed} records unsealed`);
}
