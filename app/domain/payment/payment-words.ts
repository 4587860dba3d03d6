const refundStatuses: Record<string, string> = {
  pending: "On its way",
  requires_action: "Waits for the customer",
  succeeded: "Paid back",
  failed: "Failed, the money came back",
  canceled: "Canceled",
};

/** What a refund's status at Stripe means, for staff. */
export function refundStatusWords(status: string): string {
  return refundStatuses[status] ?? inPlainWords(status);
}

const disputeStatuses: Record<string, string> = {
  warning_needs_response: "Inquiry, needs your answer",
  warning_under_review: "Inquiry, the bank looks at it",
  warning_closed: "Inquiry closed",
  needs_response: "Needs your evidence",
  under_review: "The bank looks at it",
  appeal_needs_response: "Appealed, needs your evidence",
  appeal_under_review: "Appealed, the bank looks at it",
  won: "Won",
  lost: "Lost",
  prevented: "Prevented",
};

/** What a dispute's status at Stripe means, for staff. */
export function disputeStatusWords(status: string): string {
  return disputeStatuses[status] ?? inPlainWords(status);
}

/** Whether somebody has to answer before `evidenceDueBy`. */
export function needsAnswer(status: string): boolean {
  return status.endsWith("needs_response");
}

/** `made_with_stolen_card`: "Made with stolen card". For what Stripe may add without asking us. */
export function inPlainWords(code: string): string {
  const words = code.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
