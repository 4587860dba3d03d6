import { chargeRoutes } from "./resources/charges.ts";
import { checkoutSessionRoutes } from "./resources/checkout-sessions.ts";
import { couponRoutes } from "./resources/coupons.ts";
import { creditNoteRoutes } from "./resources/credit-notes.ts";
import { customerRoutes } from "./resources/customers.ts";
import { disputeRoutes } from "./resources/disputes.ts";
import { eventDestinationRoutes } from "./resources/event-destinations.ts";
import { eventRoutes } from "./resources/events.ts";
import { notYetRoutes } from "./resources/not-yet.ts";
import { paymentIntentRoutes } from "./resources/payment-intents.ts";
import { paymentLinkRoutes } from "./resources/payment-links.ts";
import { portalSessionRoutes } from "./resources/portal-sessions.ts";
import { priceRoutes } from "./resources/prices.ts";
import { productRoutes } from "./resources/products.ts";
import { promotionCodeRoutes } from "./resources/promotion-codes.ts";
import { radarRoutes } from "./resources/radar.ts";
import { refundRoutes } from "./resources/refunds.ts";
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
  ...portalSessionRoutes,
  ...refundRoutes,
  ...disputeRoutes,
  ...creditNoteRoutes,
  ...radarRoutes,
  ...eventRoutes,
  ...eventDestinationRoutes,
  ...webhookEndpointRoutes,
  ...notYetRoutes,
];
