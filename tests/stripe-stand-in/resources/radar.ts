import { z } from "zod";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { listPage } from "#tests/stripe-stand-in/list.ts";
import { listParameters, nothing, text } from "#tests/stripe-stand-in/parameters.ts";
import { type ByPayment, ofPayment } from "#tests/stripe-stand-in/payments/find-charge.ts";
import { closeReview } from "#tests/stripe-stand-in/payments/reviews.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredFraudWarning } from "#tests/stripe-stand-in/stored-types.ts";

const warningSearch = z.strictObject({
  ...listParameters,
  charge: text.optional(),
  payment_intent: text.optional(),
});
const reviewSearch = z.strictObject(listParameters);

function warnings(standIn: StandIn, sent: ByPayment): StoredFraudWarning[] {
  const { fraudWarnings } = standIn.store;
  if (sent.charge !== undefined) return ofPayment(fraudWarnings.where("charge", sent.charge), sent);
  if (sent.payment_intent === undefined) return fraudWarnings.all();
  return fraudWarnings.where("payment_intent", sent.payment_intent);
}

function requireWarning(standIn: StandIn, id: string): StoredFraudWarning {
  const warning = standIn.store.fraudWarnings.get(id);
  if (warning === undefined) throw resourceMissing("early fraud warning", id);
  return warning;
}

function requireReview(standIn: StandIn, id: string) {
  const review = standIn.store.reviews.get(id);
  if (review === undefined) throw resourceMissing("review", id);
  return review;
}

export const radarRoutes: Route[] = [
  route("GET", "/v1/radar/early_fraud_warnings", warningSearch, (standIn, sent, call) =>
    listPage(warnings(standIn, sent), sent, call.path, "early fraud warning"),
  ),
  route("GET", "/v1/radar/early_fraud_warnings/:id", nothing, (standIn, _sent, call) =>
    requireWarning(standIn, firstId(call)),
  ),
  route("GET", "/v1/reviews", reviewSearch, (standIn, sent, call) =>
    listPage(standIn.store.reviews.where("open", true), sent, call.path, "review"),
  ),
  route("GET", "/v1/reviews/:id", nothing, (standIn, _sent, call) => requireReview(standIn, firstId(call))),
  route("POST", "/v1/reviews/:id/approve", nothing, (standIn, _sent, call) => {
    const { id } = requireReview(standIn, firstId(call));
    return closeReview(standIn, id, "approved", call.cause);
  }),
];
