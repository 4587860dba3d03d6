import { randomUUID } from "node:crypto";
import { revokeLicense } from "#app/domain/license/license.server.ts";
import type { Settings } from "#app/domain/setting/settings.ts";
import { db } from "#app/infra/db.server.ts";
import { Prisma } from "#app/infra/prisma-client/client.ts";
import type { PlanName } from "#tests/scenarios/life-shop.ts";
import type { Purchase, Stage } from "#tests/scenarios/life-stage.ts";
import type { LicenseRow } from "#tests/scenarios/life-state.ts";

/** The payment a one-time sale was paid with: pi_…. */
export async function paymentOfSale({ stripe }: Stage, sessionId: string): Promise<string> {
  const { payment_intent } = await stripe.checkout.sessions.retrieve(sessionId);
  return requireId(payment_intent, `${sessionId} has no payment.`);
}

/** The payment of a subscription's newest invoice that was paid. */
export async function newestPayment({ stripe }: Stage, subscriptionId: string): Promise<string> {
  const { data } = await stripe.invoices.list({
    subscription: subscriptionId,
    status: "paid",
    limit: 1,
    expand: ["data.payments"],
  });
  const payment = data[0]?.payments?.data[0]?.payment.payment_intent;
  return requireId(payment ?? null, `${subscriptionId} has no paid invoice with a payment.`);
}

/** A sale of so many, and its payment. */
export async function sell(
  stage: Stage,
  instant: Date,
  plan: PlanName,
  quantity: number,
): Promise<Purchase & { paymentId: string }> {
  const sale = await stage.at(instant, async () => {
    const purchase = await stage.buy(plan, { quantity });
    return { ...purchase, paymentId: await paymentOfSale(stage, purchase.sessionId) };
  });
  if (!sale) throw new Error("Nothing was sold.");
  return sale;
}

/** What the vendor chose before anything was sold. */
export async function choose(settings: Partial<Settings>): Promise<void> {
  for (const [name, value] of Object.entries(settings))
    await db().setting.create({ data: { name, value: value ?? Prisma.JsonNull } });
}

/** A member of staff revokes this license for good. */
export async function revoke(license: LicenseRow, now: Date): Promise<void> {
  await revokeLicense({
    licenseId: license.id,
    version: license.version,
    confirmation: license.keyLastGroup,
    submission: randomUUID(),
    reason: "Shared on a forum.",
    notifyCustomer: false,
    actor: { type: "staff", id: "staff_1", label: "staff@example.com" },
    now,
    requestId: null,
  });
}

function requireId(value: string | { id: string } | null, problem: string): string {
  const id = typeof value === "string" ? value : value?.id;
  if (!id) throw new Error(problem);
  return id;
}
