import { expect, test } from "vitest";
import { type SessionRequest, sessionParameters } from "#app/domain/checkout/session-parameters.ts";

const once: SessionRequest = {
  orderId: "ord_1",
  customerId: null,
  email: "ada@example.com",
  stripeCustomerId: null,
  stripePriceId: "price_1",
  quantity: 2,
  interval: null,
  trialDays: null,
  maxQuantity: 10,
  renewsLicenseId: null,
  successUrl: "https://shop.example/checkout/return?session_id={CHECKOUT_SESSION_ID}",
  cancelUrl: "https://shop.example/",
};
const monthly: SessionRequest = { ...once, interval: "month" };

test("what is paid once is a payment that names its order on the session and on the payment", () => {
  const asked = sessionParameters(once);
  expect(asked).toMatchObject({
    mode: "payment",
    line_items: [{ price: "price_1", quantity: 2 }],
    metadata: { order: "ord_1" },
    payment_intent_data: { metadata: { order: "ord_1" } },
    client_reference_id: "ord_1",
    customer_creation: "always",
    customer_email: "ada@example.com",
    allow_promotion_codes: true,
  });
  expect(asked).not.toHaveProperty("subscription_data");
  expect(asked).not.toHaveProperty("payment_method_collection");
});

test("what has an interval is a subscription whose seats can be changed up to the plan's limit", () => {
  const asked = sessionParameters(monthly);
  expect(asked).toMatchObject({
    mode: "subscription",
    line_items: [
      {
        price: "price_1",
        quantity: 2,
        adjustable_quantity: { enabled: true, minimum: 1, maximum: 10 },
      },
    ],
    payment_method_collection: "always",
    subscription_data: { metadata: { order: "ord_1" } },
  });
  // Stripe refuses both in subscription mode.
  expect(asked).not.toHaveProperty("customer_creation");
  expect(asked).not.toHaveProperty("payment_intent_data");
  expect(asked.subscription_data).not.toHaveProperty("trial_period_days");
  const single = sessionParameters({ ...monthly, quantity: 1, maxQuantity: 1 });
  expect(single.line_items).toEqual([{ price: "price_1", quantity: 1 }]);
});

test("a trial asks for a payment method, and waits when that is gone by its end", () => {
  expect(sessionParameters({ ...monthly, trialDays: 14 }).subscription_data).toEqual({
    metadata: { order: "ord_1" },
    trial_period_days: 14,
    trial_settings: { end_behavior: { missing_payment_method: "pause" } },
  });
  expect(sessionParameters({ ...once, trialDays: 14 })).not.toHaveProperty("subscription_data");
});

test.each([once, monthly])("companies can give their name and tax id in $interval mode", (request) => {
  expect(sessionParameters(request)).toMatchObject({
    tax_id_collection: { enabled: true },
    name_collection: { business: { enabled: true, optional: true } },
  });
});

test("who is known at Stripe stays that customer, who may be given the name and address of the tax id", () => {
  const asked = sessionParameters({ ...once, customerId: "cust_1", stripeCustomerId: "cus_1" });
  expect(asked).toMatchObject({
    customer: "cus_1",
    customer_update: { name: "auto", address: "auto" },
    client_reference_id: "cust_1",
  });
  expect(asked).not.toHaveProperty("customer_email");
  expect(asked).not.toHaveProperty("customer_creation");
  expect(sessionParameters(monthly)).not.toHaveProperty("customer_update");
});

test("a renewal names the license it prolongs", () => {
  const named = { order: "ord_1", renews: "lic_1" };
  expect(sessionParameters({ ...once, renewsLicenseId: "lic_1" })).toMatchObject({
    metadata: named,
    payment_intent_data: { metadata: named },
  });
});
