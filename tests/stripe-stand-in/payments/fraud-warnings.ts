import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import { idOf, newId } from "#tests/stripe-stand-in/ids.ts";
import type { StoredFraudWarning } from "#tests/stripe-stand-in/stored-types.ts";
import { emit } from "#tests/stripe-stand-in/webhooks/events.ts";
import { byEitherId, requireTakenCharge } from "./find-charge.ts";

export type FraudWarningInput = { fraudType?: string; actionable?: boolean };

/** The card network suspects fraud: `radar.early_fraud_warning.created`. */
export function warnOfFraud(
  standIn: StandIn,
  chargeOrIntent: string,
  input: FraudWarningInput = {},
): StoredFraudWarning {
  const charge = requireTakenCharge(standIn, byEitherId(chargeOrIntent));
  const intent = idOf(charge.payment_intent);
  const warning = standIn.store.fraudWarnings.put({
    id: newId("issfr"),
    object: "radar.early_fraud_warning",
    actionable: input.actionable ?? (!charge.refunded && !charge.disputed),
    charge: charge.id,
    created: standIn.clock.seconds(),
    fraud_type: input.fraudType ?? "made_with_stolen_card",
    livemode: standIn.settings.livemode,
    ...(intent === null ? {} : { payment_intent: intent }),
  });
  emit(standIn, "radar.early_fraud_warning.created", warning, null);
  return warning;
}

/** Once the charge is refunded in full or disputed there is nothing left to act on: `radar.early_fraud_warning.updated`. */
export function warningsAreSettled(standIn: StandIn, chargeId: string): void {
  for (const warning of standIn.store.fraudWarnings.where("charge", chargeId)) {
    if (!warning.actionable) continue;
    const settled = standIn.store.fraudWarnings.update(warning.id, { actionable: false });
    emit(standIn, "radar.early_fraud_warning.updated", settled, null, { actionable: true });
  }
}
