import { auditEventLabel } from "#app/domain/audit-log/audit-words.ts";
import { assessLicense } from "#app/domain/license/assess-license.ts";
import { newestFirst, readHappenings, shownPerKind } from "#app/domain/license/happenings.queries.server.ts";
import { licenseActWords, licenseChangeWords } from "#app/domain/license/license-acts.ts";
import { licenseFacts } from "#app/domain/license/license-facts.ts";
import { maskKey } from "#app/domain/license/license-key.ts";
import { orderStatus } from "#app/domain/order/order.ts";
import { planName as planNameOf } from "#app/domain/product/plan-words.ts";
import { canBeId } from "#app/domain/search-text.ts";
import { subscriptionChangeWords } from "#app/domain/subscription/subscription-words.ts";
import { db } from "#app/infra/db.server.ts";

/** One order with lines, licenses, sources at Stripe and all that happened to it; null when there is none. */
export async function getOrderForStaff(input: { orderId: string; now: Date }) {
  const { orderId, now } = input;
  if (!canBeId(orderId)) return null;
  const order = await db().order.findUnique({
    where: { id: orderId },
    omit: { browserNonceHash: true },
    include: {
      customer: { select: { id: true, email: true, name: true } },
      lines: { orderBy: { id: "asc" }, include: { policy: { include: { product: true } } } },
      licenses: {
        orderBy: [{ itemKey: "asc" }, { ordinal: "asc" }, { id: "asc" }],
        take: shownPerKind,
        include: { holds: true, product: true, policy: true },
      },
      renewsLicense: { select: { id: true, keyPrefix: true, keyLastGroup: true } },
    },
  });
  if (!order) return null;
  const sources = await db().stripeSource.findMany({
    where: {
      OR: [
        { orderId },
        { id: { in: [order.stripeSessionId, order.stripeSubscriptionId].filter((id) => id !== null) } },
      ],
    },
    omit: { snapshot: true },
    orderBy: { createdAt: "asc" },
  });
  const { lines, licenses, renewsLicense, ...facts } = order;
  const planName = (policyId: string) =>
    licenses.find((license) => license.policyId === policyId)?.policy.name ?? policyId;
  return {
    ...facts,
    status: orderStatus(order),
    renewsLicense: renewsLicense && {
      id: renewsLicense.id,
      maskedKey: maskKey(renewsLicense.keyPrefix, renewsLicense.keyLastGroup),
    },
    licenseCount: await db().license.count({ where: { orderId } }),
    lines: lines.map(({ policy, ...line }) => ({
      ...line,
      mappedTo: policy ? planNameOf(policy.product.name, policy.name) : null,
    })),
    licenses: licenses.map((license) => {
      const { status, validUntil } = assessLicense(licenseFacts(license), now);
      return {
        id: license.id,
        maskedKey: maskKey(license.keyPrefix, license.keyLastGroup),
        productName: license.product.name,
        policyName: license.policy.name,
        status,
        validUntil,
      };
    }),
    sources: sources.map((source) => ({ ...source, waiting: source.dirtySeq > source.syncedSeq })),
    timeline: newestFirst(
      await readHappenings({
        id: orderId,
        records: [{ orderId }],
        sourceIds: sources.map(({ id }) => id),
        actWords: ({ event, before, after }) =>
          event.startsWith("license.") ? licenseActWords(event, after, before) : auditEventLabel(event),
        actChanges: (act) =>
          act.targetType === "license"
            ? licenseChangeWords(act, planName)
            : act.event.startsWith("subscription.")
              ? subscriptionChangeWords(act.before, act.after)
              : [],
      }),
    ),
  };
}
