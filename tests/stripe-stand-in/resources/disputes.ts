import { z } from "zod";
import type { Cause, StandIn } from "#tests/stripe-stand-in/context.ts";
import { resourceMissing } from "#tests/stripe-stand-in/errors.ts";
import { listPage } from "#tests/stripe-stand-in/list.ts";
import {
  acceptedAll,
  flag,
  listParameters,
  mergeMetadata,
  metadata,
  nothing,
  text,
} from "#tests/stripe-stand-in/parameters.ts";
import { EVIDENCE_FIELDS } from "#tests/stripe-stand-in/payments/dispute-evidence.ts";
import { type DisputeStatus, moveDispute } from "#tests/stripe-stand-in/payments/disputes.ts";
import { ofPayment } from "#tests/stripe-stand-in/payments/find-charge.ts";
import { firstId, type Route, route } from "#tests/stripe-stand-in/route.ts";
import type { StoredDispute } from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";

const searchParameters = z.strictObject({
  ...listParameters,
  charge: text.optional(),
  payment_intent: text.optional(),
});
const evidence = z
  .record(z.string(), z.unknown())
  .refine((sent) =>
    Object.keys(sent).every(
      (field) => field === "appeal" || field === "enhanced_evidence" || EVIDENCE_FIELDS.includes(field),
    ),
  );
const updateParameters = z.strictObject({
  ...acceptedAll(["intended_submission_method"]),
  evidence: evidence.optional(),
  metadata,
  submit: flag.optional(),
});

function requireDispute(standIn: StandIn, id: string): StoredDispute {
  const dispute = standIn.store.disputes.get(id);
  if (dispute === undefined) throw resourceMissing("dispute", id);
  return dispute;
}

/** What handing in evidence makes of a dispute that waits for it. */
const SUBMITTED: Record<string, DisputeStatus> = {
  needs_response: "under_review",
  warning_needs_response: "warning_under_review",
  appeal_needs_response: "appeal_under_review",
};

function update(
  standIn: StandIn,
  id: string,
  sent: z.output<typeof updateParameters>,
  cause: Cause,
): StoredDispute {
  const before = requireDispute(standIn, id);
  const texts = Object.entries(sent.evidence ?? {}).filter(
    ([field, value]) => EVIDENCE_FIELDS.includes(field) && typeof value === "string",
  );
  const isHandedIn = texts.length > 0 && sent.submit !== false;
  const after = standIn.store.disputes.update(id, {
    evidence: { ...before.evidence, ...Object.fromEntries(texts) },
    evidence_details: {
      ...before.evidence_details,
      has_evidence: before.evidence_details.has_evidence || texts.length > 0,
      ...(isHandedIn
        ? {
            submission_count: before.evidence_details.submission_count + 1,
            submission_method: "manual",
          }
        : {}),
    },
    metadata: mergeMetadata(before.metadata, sent.metadata === undefined ? {} : sent.metadata),
  });
  const next = isHandedIn ? SUBMITTED[before.status] : undefined;
  if (next !== undefined) return moveDispute(standIn, id, next, cause);
  emit(standIn, "charge.dispute.updated", after, cause, { evidence: before.evidence });
  return after;
}

/** Closing means giving up: an inquiry ends, a chargeback is lost. */
function close(standIn: StandIn, id: string, cause: Cause): StoredDispute {
  const { status } = requireDispute(standIn, id);
  return moveDispute(standIn, id, status.startsWith("warning_") ? "warning_closed" : "lost", cause);
}

function candidates(standIn: StandIn, sent: z.output<typeof searchParameters>): StoredDispute[] {
  if (sent.charge !== undefined) return standIn.store.disputes.where("charge", sent.charge);
  if (sent.payment_intent !== undefined)
    return standIn.store.disputes.where("payment_intent", sent.payment_intent);
  return standIn.store.disputes.all();
}

export const disputeRoutes: Route[] = [
  route("GET", "/v1/disputes", searchParameters, (standIn, sent, call) =>
    listPage(ofPayment(candidates(standIn, sent), sent), sent, call.path, "dispute"),
  ),
  route("GET", "/v1/disputes/:id", nothing, (standIn, _sent, call) => requireDispute(standIn, firstId(call))),
  route("POST", "/v1/disputes/:id", updateParameters, (standIn, sent, call) =>
    update(standIn, firstId(call), sent, call.cause),
  ),
  route("POST", "/v1/disputes/:id/close", nothing, (standIn, _sent, call) =>
    close(standIn, firstId(call), call.cause),
  ),
];
