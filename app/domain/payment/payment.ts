/** Refunds, disputes and warnings as Stripe holds them now. Amounts are minor units of the payment's currency. */
export type RefundFacts = {
  id: string;
  amount: number;
  /** pending | requires_action | succeeded | failed | canceled */
  status: string;
  /** ch_…; what its hold is named after. */
  chargeId: string | null;
  created: Date;
};

export type DisputeFacts = {
  id: string;
  amount: number;
  /** warning_* | needs_response | under_review | won | lost | prevented | appeal_* */
  status: string;
  /** inquiry | chargeback | … ; only where the payment method says so */
  caseType: string | null;
  reason: string;
  created: Date;
  evidenceDueBy: Date | null;
};

export type FraudWarningFacts = { id: string; actionable: boolean; fraudType: string; created: Date };

/** One payment that succeeded, with everything that took it back since. */
export type ChargedPayment = {
  /** pi_… or, for payments without an intent, ch_… */
  id: string;
  amount: number;
  currency: string;
  refunds: RefundFacts[];
  disputes: DisputeFacts[];
  fraudWarnings: FraudWarningFacts[];
};
