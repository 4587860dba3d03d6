import { z } from "zod";
import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { invalidRequest, resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { listPage } from "#tests/stripe-stand-in/list.ts";
import {
  acceptedAll,
  integer,
  listParameters,
  mergeMetadata,
  metadata,
  nothing,
  text,
} from "#tests/stripe-stand-in/parameters.ts";
import { ofPayment } from "#tests/stripe-stand-in/payments/find-charge.ts";
import { createRefund, settleRefund } from "#tests/stripe-stand-in/payments/refunds.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredRefund } from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";

const createParameters = z.strictObject({
  ...acceptedAll([
    "currency",
    "customer",
    "instructions_email",
    "origin",
    "refund_application_fee",
    "reverse_transfer",
  ]),
  amount: integer(1).optional(),
  charge: text.optional(),
  payment_intent: text.optional(),
  metadata,
  reason: z.enum(["duplicate", "fraudulent", "requested_by_customer"]).optional(),
});
const updateParameters = z.strictObject({ metadata });
const searchParameters = z.strictObject({
  ...listParameters,
  charge: text.optional(),
  payment_intent: text.optional(),
});

function create(standIn: StandIn, sent: z.output<typeof createParameters>, cause: Cause): StoredRefund {
  return createRefund(standIn, { ...sent, metadata: mergeMetadata(null, sent.metadata) }, cause);
}

function requireRefund(standIn: StandIn, id: string): StoredRefund {
  const refund = standIn.store.refunds.get(id);
  if (refund === undefined) throw resourceMissing("refund", id);
  return refund;
}

function update(standIn: StandIn, id: string, sent: z.output<typeof updateParameters>, cause: Cause) {
  const before = requireRefund(standIn, id);
  const refund = standIn.store.refunds.update(id, {
    metadata: mergeMetadata(before.metadata, sent.metadata === undefined ? {} : sent.metadata),
  });
  emit(standIn, "refund.updated", refund, cause, { metadata: before.metadata });
  emit(standIn, "charge.refund.updated", refund, cause, { metadata: before.metadata });
  return refund;
}

function cancel(standIn: StandIn, id: string, cause: Cause): StoredRefund {
  const refund = requireRefund(standIn, id);
  if (refund.status !== "requires_action") {
    throw invalidRequest(
      `Refund ${id} is ${refund.status}; only a refund that requires an action can be canceled.`,
    );
  }
  return settleRefund(standIn, id, "canceled", cause);
}

/** Looked up by the field that is asked for, so that one charge's refunds cost nothing among thousands. */
function candidates(standIn: StandIn, sent: z.output<typeof searchParameters>): StoredRefund[] {
  if (sent.charge !== undefined) return standIn.store.refunds.where("charge", sent.charge);
  if (sent.payment_intent !== undefined)
    return standIn.store.refunds.where("payment_intent", sent.payment_intent);
  return standIn.store.refunds.all();
}

export const refundRoutes: Route[] = [
  route("GET", "/v1/refunds", searchParameters, (standIn, sent, call) =>
    listPage(ofPayment(candidates(standIn, sent), sent), sent, call.path, "refund"),
  ),
  route("POST", "/v1/refunds", createParameters, (standIn, sent, call) => create(standIn, sent, call.cause)),
  route("GET", "/v1/refunds/:id", nothing, (standIn, _sent, call) => requireRefund(standIn, firstId(call))),
  route("POST", "/v1/refunds/:id", updateParameters, (standIn, sent, call) =>
    update(standIn, firstId(call), sent, call.cause),
  ),
  route("POST", "/v1/refunds/:id/cancel", nothing, (standIn, _sent, call) =>
    cancel(standIn, firstId(call), call.cause),
  ),
];
