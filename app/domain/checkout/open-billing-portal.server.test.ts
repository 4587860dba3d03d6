import { afterAll, expect, test, vi } from "vitest";
import {
  hasBillingAccount,
  noteBackFromBilling,
  openBillingPortal,
} from "#app/domain/checkout/open-billing-portal.server.ts";
import type { BillingFlow } from "#app/domain/subscription/billing-flow.ts";
import { db } from "#app/infra/db.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { stripe } from "#app/infra/stripe.server.ts";
import { aCustomer, aLicense } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";
import { startStripeStandIn } from "#tests/stripe-stand-in/server.ts";

const standIn = await startStripeStandIn({ deliver: "manual" });
afterAll(() => standIn.stop());
await useTestRuntime({ stripeApiBase: standIn.apiBase });

const now = new Date();
let counter = 0;

/** Somebody who is a customer at Stripe, with a license bought there once. */
async function aBuyer() {
  const customer = await aCustomer();
  const { id: stripeCustomerId } = await stripe().customers.create({ email: customer.email });
  await db().stripeCustomer.create({
    data: { id: stripeCustomerId, customerId: customer.id, livemode: false },
  });
  const sourceId = `cs_test_billing${++counter}`;
  await db().stripeSource.create({
    data: { id: sourceId, kind: "checkout_session", livemode: false, stripeCustomerId },
  });
  const license = await aLicense({ customerId: customer.id, sourceId, itemKey: "li_1", ordinal: 0 });
  return { customer, license, stripeCustomerId };
}

const open = (licenseId: string, customerId: string, flow: BillingFlow = "manage") =>
  openBillingPortal({ licenseId, customerId, flow, now });
test("each click opens a fresh page of the right customer that leads back to the license", async () => {
  const { customer, license, stripeCustomerId } = await aBuyer();
  const first = await open(license.id, customer.id);
  const second = await open(license.id, customer.id);
  expect(first.redirectTo).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/billing-portal\//);
  expect(second.redirectTo).not.toBe(first.redirectTo);
  const sessions = standIn.dump().portalSessions;
  expect(sessions).toMatchObject([
    {
      customer: stripeCustomerId,
      return_url: `http://localhost:3000/portal/licenses/${license.id}?back=billing`,
    },
    { customer: stripeCustomerId },
  ]);
});

test("the address is neither stored nor logged", async () => {
  const { customer, license } = await aBuyer();
  const logged: unknown[] = [];
  const spies = (["info", "warn", "error"] as const).map((level) =>
    vi.spyOn(logger(), level).mockImplementation((...words: unknown[]) => void logged.push(words)),
  );
  const { redirectTo } = await open(license.id, customer.id);
  for (const spy of spies) spy.mockRestore();
  const token = redirectTo.split("/").at(-1) ?? "";
  expect(token.length).toBeGreaterThan(10);
  expect(JSON.stringify(logged)).not.toContain(token);
  const stored = await db().$queryRaw<{ found: bigint }[]>`
    SELECT count(*) AS found FROM stripe_source s WHERE s::text LIKE ${`%${token}%`}`;
  expect(Number(stored[0]?.found)).toBe(0);
});

test("somebody else's license is unknown, and a bill that is somebody else's stays closed", async () => {
  const [ada, bob] = [await aBuyer(), await aBuyer()];
  await expect(open(bob.license.id, ada.customer.id)).rejects.toMatchObject({ code: "NOT_FOUND" });
  // The license changed hands; the bill did not.
  await db().license.update({ where: { id: bob.license.id }, data: { customerId: ada.customer.id } });
  const before = standIn.requests().length;
  await expect(open(bob.license.id, ada.customer.id)).rejects.toMatchObject({
    code: "INVALID",
    publicMessage: expect.stringMatching(/another account/),
  });
  expect(standIn.requests()).toHaveLength(before);
});

test("without a billing account there is nothing to open, and the page can know", async () => {
  const { id: customerId } = await aCustomer();
  const { id } = await aLicense({ customerId });
  expect(await hasBillingAccount(customerId)).toBe(false);
  await expect(open(id, customerId)).rejects.toMatchObject({
    code: "INVALID",
    publicMessage: expect.stringMatching(/no billing account/),
  });
  const { customer, license } = await aBuyer();
  expect(await hasBillingAccount(customer.id)).toBe(true);
  await db().stripeCustomer.updateMany({ where: { customerId: customer.id }, data: { deletedAt: now } });
  expect(await hasBillingAccount(customer.id)).toBe(false);
  await expect(open(license.id, customer.id)).rejects.toMatchObject({
    code: "INVALID",
    publicMessage: expect.stringMatching(/was closed/),
  });
});

test("the way to the payment method leads straight there and back; what a one-time sale has not leads to the front page", async () => {
  const { customer, license } = await aBuyer();
  await open(license.id, customer.id, "payment-method");
  expect(standIn.dump().portalSessions.at(-1)).toMatchObject({
    flow: { type: "payment_method_update", after_completion: { type: "redirect" } },
  });
  await open(license.id, customer.id, "cancel");
  expect(standIn.dump().portalSessions.at(-1)).toMatchObject({ flow: null });
});

test("a page the vendor has not allowed opens the front page instead", async () => {
  const { customer, license } = await aBuyer();
  standIn.faults.next(1, { status: 400, match: /POST \/v1\/billing_portal\/sessions/ });
  const { redirectTo } = await open(license.id, customer.id, "payment-method");
  expect(redirectTo).toContain("/billing-portal/");
  expect(standIn.dump().portalSessions.at(-1)).toMatchObject({ flow: null });
});

test("when Stripe does not answer, the owner reads that nothing was changed", async () => {
  const { customer, license } = await aBuyer();
  standIn.faults.next(10, { status: 500, match: /POST \/v1\/billing_portal\/sessions/ });
  await expect(open(license.id, customer.id)).rejects.toMatchObject({
    code: "UNAVAILABLE",
    publicMessage: expect.stringMatching(/Nothing was changed/),
  });
  standIn.faults.clear();
});

test("coming back to a license without a subscription asks nobody", async () => {
  const { customer, license } = await aBuyer();
  const before = standIn.requests().length;
  expect(await noteBackFromBilling({ licenseId: license.id, customerId: customer.id, now })).toBe(true);
  expect(standIn.requests()).toHaveLength(before);
});
