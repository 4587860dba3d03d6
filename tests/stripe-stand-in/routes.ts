import { chargeRoutes } from "./resources/charges.ts";
import { checkoutSessionRoutes } from "./resources/checkout-sessions.ts";
import { couponRoutes } from "./resources/coupons.ts";
import { creditNoteRoutes } from "./resources/credit-notes.ts";
import { customerRoutes } from "./resources/customers.ts";
import { disputeRoutes } from "./resources/disputes.ts";
import { eventDestinationRoutes } from "./resources/event-destinations.ts";
import { eventRoutes } from "./resources/events.ts";
import { invoiceItemRoutes } from "./resources/invoice-items.ts";
import { invoicePaymentRoutes } from "./resources/invoice-payments.ts";
import { invoiceRoutes } from "./resources/invoices.ts";
import { paymentIntentRoutes } from "./resources/payment-intents.ts";
import { paymentLinkRoutes } from "./resources/payment-links.ts";
import { paymentMethodRoutes } from "./resources/payment-methods.ts";
import { portalSessionRoutes } from "./resources/portal-sessions.ts";
import { priceRoutes } from "./resources/prices.ts";
import { productRoutes } from "./resources/products.ts";
import { promotionCodeRoutes } from "./resources/promotion-codes.ts";
import { radarRoutes } from "./resources/radar.ts";
import { refundRoutes } from "./resources/refunds.ts";
import { subscriptionItemRoutes } from "./resources/subscription-items.ts";
import { subscriptionRoutes } from "./resources/subscriptions.ts";
import { testClockRoutes } from "./resources/test-clocks.ts";
import { webhookEndpointRoutes } from "./resources/webhook-endpoints.ts";
import type { Route } from "./route.ts";

/** Every address of the API, and nothing else is answered. */
export const routes: readonly Route[] = [
  ...productRoutes,
  ...priceRoutes,
  ...customerRoutes,
  ...couponRoutes,
  ...promotionCodeRoutes,
  ...paymentLinkRoutes,
  ...checkoutSessionRoutes,
  ...paymentIntentRoutes,
  ...chargeRoutes,
  ...paymentMethodRoutes,
  ...subscriptionRoutes,
  ...subscriptionItemRoutes,
  ...invoiceRoutes,
  ...invoicePaymentRoutes,
  ...invoiceItemRoutes,
  ...testClockRoutes,
  ...portalSessionRoutes,
  ...refundRoutes,
  ...disputeRoutes,
  ...creditNoteRoutes,
  ...radarRoutes,
  ...eventRoutes,
  ...eventDestinationRoutes,
  ...webhookEndpointRoutes,
];
