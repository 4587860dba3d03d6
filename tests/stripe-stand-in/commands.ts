import type { Stripe } from "stripe";
import { replaceCard, setCard } from "./billing/cards.ts";
import { approveAction, settleInvoice } from "./billing/invoice-actions.ts";
import { type BillingInput, setBilling } from "./billing/settings.ts";
import { type SubscribeInput, subscribe } from "./billing/subscribe.ts";
import { type SubscriptionTruth, subscriptions } from "./billing/truth.ts";
import type { PayInput } from "./checkout/buyer-input.ts";
import { createSession as makeSession } from "./checkout/create-session.ts";
import { expireSession } from "./checkout/expire.ts";
import { type PayResult, pay } from "./checkout/pay.ts";
import { settle } from "./checkout/settle.ts";
import type { StandIn } from "./context.ts";
import type { Faults } from "./faults.ts";
import { dump, type Sale, sales } from "./oracle.ts";
import { parseParameters } from "./parameters.ts";
import { type CreditNoteInput, createCreditNote } from "./payments/credit-notes.ts";
import { type DisputeInput, type DisputeStatus, moveDispute, openDispute } from "./payments/disputes.ts";
import { byEitherId } from "./payments/find-charge.ts";
import { type FraudWarningInput, warnOfFraud } from "./payments/fraud-warnings.ts";
import { createRefund, type RefundInput, settleRefund } from "./payments/refunds.ts";
import { closeReview, openReview } from "./payments/reviews.ts";
import { toForm } from "./request-body.ts";
import type { LoggedRequest } from "./request-log.ts";
import { createSessionParameters } from "./resources/checkout-session-parameters.ts";
import { addEndpoint, type EndpointInput, type EndpointWithSecret } from "./resources/webhook-endpoints.ts";
import type { TablesAsJson } from "./store.ts";
import type {
  BillingSettings,
  CardBehaviour,
  Delivery,
  PaymentOutcome,
  StoredCreditNote,
  StoredDispute,
  StoredEvent,
  StoredFraudWarning,
  StoredInvoice,
  StoredPaymentMethod,
  StoredRefund,
  StoredReview,
  StoredSession,
  StoredSubscription,
} from "./stored-types.ts";
import { type ChaosInput, startChaos, stopChaos } from "./webhooks/chaos.ts";
import {
  type DeliverOptions,
  deliver,
  deliverPending,
  type PendingOutcome,
  requireEvent,
  takePending,
} from "./webhooks/control.ts";
import {
  deliveriesIdle,
  dropEvent,
  holdDeliveries,
  releaseDeliveries,
  type SignedRequest,
  type SigningOptions,
  signPayload,
} from "./webhooks/deliveries.ts";
import type { PostResult } from "./webhooks/post.ts";

/** What only a test can ask of a sale that was made elsewhere. */
export type SessionOverrides = {
  /** Adaptive pricing: what the buyer saw and paid in their own currency. */
  presentment?: { currency: string; amount: number };
  /** Leaves `customer_details` null when the session completes. */
  withholdCustomerDetails?: boolean;
};

export type RunningStandIn = {
  /** The checkout and control pages. */
  url: string;
  /** What `STRIPE_API_BASE` takes. */
  apiBase: string;
  port: number;
  clock: {
    now(): Date;
    /** Runs everything that falls due on the way, deliveries included. */
    advance(milliseconds: number): Promise<void>;
    set(date: Date): Promise<void>;
  };
  addEndpoint(input: EndpointInput): EndpointWithSecret;
  /** Signs from now on with these, newest first: how a secret is rolled. */
  setSecrets(endpointId: string, secrets: readonly string[]): void;
  /** Does what a buyer does on the checkout page. */
  pay(sessionId: string, input?: PayInput): PayResult;
  /** Ends a delayed payment. */
  settle(sessionId: string, outcome: PaymentOutcome): StoredSession;
  expire(sessionId: string): StoredSession;
  /** How charging a customer's way to pay ends from now on; gives them one when they have none. No event, as at Stripe. */
  setCard(customerId: string, behaviour: CardBehaviour): void;
  /** What the account's Dashboard says about billing; only what is given changes. */
  setBilling(input: BillingInput): BillingSettings;
  /** A subscription made by hand in the Dashboard. */
  subscribe(input: SubscribeInput): StoredSubscription;
  /** The customer does what the bank asked for (3-D Secure): the invoice is paid. */
  approveAction(invoiceId: string): StoredInvoice;
  /** Ends the delayed payment of an invoice before its days are over. */
  settleInvoice(invoiceId: string, outcome: PaymentOutcome): StoredInvoice;
  /** The customer enters another card in the billing portal, with the events of that. */
  replaceCard(customerId: string, behaviour: CardBehaviour): StoredPaymentMethod;
  /** Refunds a charge or payment intent: all that is left unless `amount` says less, at once unless `outcome` says otherwise. */
  refund(
    chargeOrPaymentIntent: string,
    input?: Pick<RefundInput, "amount" | "reason" | "outcome">,
  ): StoredRefund;
  /** Ends a pending refund; a succeeded one can still fail. */
  settleRefund(refundId: string, outcome: "succeeded" | "failed" | "canceled"): StoredRefund;
  /** A chargeback, or with `inquiry` only a question; a charge can have several. */
  dispute(chargeOrPaymentIntent: string, input?: DisputeInput): StoredDispute;
  /** Moves a dispute on, with the events and movements of money that belong to it. */
  moveDispute(disputeId: string, status: DisputeStatus): StoredDispute;
  /** Credits an invoice; money goes back only as far as `refundAmount` says. */
  creditNote(input: CreditNoteInput): StoredCreditNote;
  fraudWarning(chargeOrPaymentIntent: string, input?: FraudWarningInput): StoredFraudWarning;
  openReview(chargeOrPaymentIntent: string): StoredReview;
  closeReview(reviewId: string, reason?: Stripe.Review.ClosedReason): StoredReview;
  /** A sale made elsewhere: mode `payment`, no order, no metadata and a success address of its own unless given. */
  createSession(
    parameters: Partial<Stripe.Checkout.SessionCreateParams>,
    overrides?: SessionOverrides,
  ): StoredSession;
  events(): StoredEvent[];
  /** Every delivery that is not done, oldest first. */
  deliveries(): Delivery[];
  /** Posts now; see `DeliverOptions`. */
  deliver(eventId: string, options?: DeliverOptions): Promise<PostResult[]>;
  takePending(): StoredEvent[];
  /** Posts everything pending, in order or as `chaos` decides: what `takePending` and `deliver` do one by one. */
  deliverPending(): Promise<PendingOutcome>;
  /** Loses, doubles and reorders deliveries and makes API requests fail, in the shares given; the same seed does the same. */
  chaos(input: ChaosInput): void;
  /** Ends `chaos`. */
  calm(): void;
  drop(eventId: string): void;
  hold(): void;
  release(): void;
  /** New deliveries wait this long on the stand-in's clock before their first attempt. */
  delay(milliseconds: number): void;
  /** Resolves when no post is under way. */
  idle(): Promise<void>;
  /** The bytes and headers of a delivery, for whoever wants to post them themselves. */
  signedRequest(payload: unknown, options: SigningOptions): SignedRequest;
  faults: Faults;
  requests(): LoggedRequest[];
  dump(): TablesAsJson;
  /** The tables as they are, not a copy: to look at often and never to change. */
  tables(): Readonly<TablesAsJson>;
  sales(): Sale[];
  /** Every subscription in plain words, with the periods that were paid and what was given back. */
  subscriptions(): SubscriptionTruth[];
  /** Forgets every object, event, request and fault; endpoints from the options come back. */
  reset(): void;
  /** Puts back what `dump` gave, as of `at`: what happened since is forgotten, with its requests and faults. */
  restore(saved: TablesAsJson, at: Date): void;
  stop(): Promise<void>;
};

/** Everything a test can do to a running stand-in, as plain calls. */
export function commandsOf(
  standIn: StandIn,
  furnish: () => void,
): Omit<RunningStandIn, "url" | "apiBase" | "port" | "stop"> {
  const { clock, store, timers, faults, requestLog } = standIn;
  return {
    clock: {
      now: () => new Date(clock.now()),
      advance: (milliseconds) => timers.travelTo(clock.now() + milliseconds),
      set: (date) => timers.travelTo(date.getTime()),
    },
    addEndpoint: (input) => addEndpoint(standIn, input),
    setSecrets: (id, secrets) => void store.endpointSettings.update(id, { secrets: [...secrets] }),
    pay: (sessionId, input) => pay(standIn, sessionId, input),
    settle: (sessionId, outcome) => settle(standIn, sessionId, outcome),
    setCard: (customerId, behaviour) => setCard(standIn, customerId, behaviour),
    setBilling: (input) => setBilling(standIn, input),
    subscribe: (input) => subscribe(standIn, input),
    approveAction: (invoiceId) => approveAction(standIn, invoiceId),
    settleInvoice: (invoiceId, outcome) => settleInvoice(standIn, invoiceId, outcome),
    replaceCard: (customerId, behaviour) => replaceCard(standIn, customerId, behaviour, null),
    expire: (sessionId) => expireSession(standIn, requireSession(standIn, sessionId), null),
    refund: (id, input) => createRefund(standIn, { ...byEitherId(id), ...input }, null),
    settleRefund: (id, outcome) => settleRefund(standIn, id, outcome),
    dispute: (id, input) => openDispute(standIn, id, input),
    moveDispute: (id, status) => moveDispute(standIn, id, status),
    creditNote: (input) => createCreditNote(standIn, input, null),
    fraudWarning: (id, input) => warnOfFraud(standIn, id, input),
    openReview: (id) => openReview(standIn, id),
    closeReview: (id, reason) => closeReview(standIn, id, reason ?? "approved"),
    createSession: (parameters, overrides) => sellElsewhere(standIn, parameters, overrides ?? {}),
    events: () => store.events.all(),
    deliveries: () =>
      store.deliveries.all().filter(({ status }) => status === "pending" || status === "taken"),
    deliver: (eventId, deliverOptions) => deliver(standIn, eventId, deliverOptions),
    takePending: () => takePending(standIn),
    deliverPending: () => deliverPending(standIn),
    chaos: (input) => startChaos(standIn, input),
    calm: () => stopChaos(standIn),
    drop: (eventId) => dropEvent(standIn, requireEvent(standIn, eventId).id),
    hold: () => holdDeliveries(standIn),
    release: () => releaseDeliveries(standIn),
    delay: (milliseconds) => {
      standIn.deliveryState.delayMs = milliseconds;
    },
    idle: () => deliveriesIdle(standIn),
    signedRequest: (payload, signing) => signPayload(standIn, payload, signing),
    faults,
    requests: () => [...requestLog.all()],
    dump: () => dump(standIn),
    tables: () => store.toJson(),
    sales: () => sales(standIn),
    subscriptions: () => subscriptions(standIn),
    reset: () => {
      store.clear();
      stopChaos(standIn);
      faults.clear();
      requestLog.clear();
      furnish();
    },
    restore: (saved, at) => {
      store.load(structuredClone(saved));
      clock.moveTo(at.getTime());
      stopChaos(standIn);
      faults.clear();
      requestLog.clear();
      timers.rearm();
    },
  };
}

function requireSession(standIn: StandIn, id: string): StoredSession {
  const session = standIn.store.sessions.get(id);
  if (session === undefined) throw new Error(`The stand-in has no Checkout Session ${id}`);
  return session;
}

function sellElsewhere(
  standIn: StandIn,
  parameters: Partial<Stripe.Checkout.SessionCreateParams>,
  overrides: SessionOverrides,
): StoredSession {
  const defaults = {
    mode: "payment",
    success_url: "https://elsewhere.example/thanks?id={CHECKOUT_SESSION_ID}",
  };
  const sent = parseParameters(createSessionParameters, toForm({ ...defaults, ...parameters }));
  const session = makeSession(standIn, sent, null);
  standIn.store.checkoutPlans.update(session.id, {
    presentment: overrides.presentment ?? null,
    withholdCustomerDetails: overrides.withholdCustomerDetails ?? false,
  });
  return session;
}
