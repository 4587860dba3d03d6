import { z } from "zod";
import { replaceCard } from "#tests/stripe-stand-in/billing/cards.ts";
import { callApi } from "#tests/stripe-stand-in/call-api.ts";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";
import type { StoredPortalSession } from "#tests/stripe-stand-in/stored-types.ts";
import {
  findOwnSubscription,
  invoicesOf,
  keepSubscription,
  type PortalSubscription,
  scheduleEnd,
} from "./portal-facts.ts";

/** The portal page shows this to the customer; nothing was changed. */
export class PortalRefusal extends Error {}

const onSubscription = { subscription: z.string() };
const posted = z.discriminatedUnion("act", [
  z.object({ act: z.literal("cancel"), ...onSubscription }),
  z.object({ act: z.literal("keep"), ...onSubscription }),
  z.object({ act: z.literal("cancel-now"), ...onSubscription }),
  z.object({ act: z.literal("pause"), ...onSubscription }),
  z.object({ act: z.literal("resume"), ...onSubscription }),
  z.object({
    act: z.literal("change"),
    ...onSubscription,
    item: z.string(),
    price: z.string().optional(),
    quantity: z.coerce.number().int().min(1).max(999).optional(),
  }),
  z.object({ act: z.literal("card"), card: z.enum(["ok", "declines"]) }),
  z.object({ act: z.literal("email"), email: z.string().regex(/^[^@\s]+@[^@\s]+$/) }),
  z.object({ act: z.literal("pay"), invoice: z.string() }),
]);
export type PortalAct = z.output<typeof posted>["act"];

/** Which acts a flow is for; a session without a flow allows all. */
const FLOW_ACTS: Readonly<Record<string, readonly PortalAct[]>> = {
  customer_update: ["email"],
  payment_method_update: ["card"],
  subscription_cancel: ["cancel"],
  subscription_pause: ["pause"],
  subscription_update: ["change"],
  subscription_update_confirm: ["change"],
};

export function isAllowed(session: StoredPortalSession, act: PortalAct): boolean {
  return session.flow === null || (FLOW_ACTS[session.flow.type]?.includes(act) ?? false);
}

/** The one subscription a flow is about; null when it is about none. */
export function subjectOf({ flow }: StoredPortalSession): string | null {
  const subject =
    flow?.subscription_cancel ??
    flow?.subscription_pause ??
    flow?.subscription_update ??
    flow?.subscription_update_confirm;
  return subject?.subscription ?? null;
}

/**
 * Does what the customer asks for and says what was done. Throws PortalRefusal for what this session is not for and
 * StripeApiError for what the API refuses.
 */
export function actInPortal(standIn: StandIn, session: StoredPortalSession, fields: unknown): string {
  const parsed = posted.safeParse(fields);
  if (!parsed.success) throw new PortalRefusal("That is not complete. Check what you filled in.");
  const sent = parsed.data;
  if (!isAllowed(session, sent.act)) throw new PortalRefusal("This page was opened for something else.");
  switch (sent.act) {
    case "card":
      replaceCard(standIn, session.customer, sent.card, null);
      return "Your payment method is updated.";
    case "email":
      callApi(standIn, "POST", `/v1/customers/${session.customer}`, { email: sent.email });
      return "Your billing address is updated.";
    case "pay":
      return payInvoice(standIn, session.customer, sent.invoice);
    default:
      return changeSubscription(standIn, requireOwn(standIn, session, sent.subscription), sent);
  }
}

type SubscriptionAct = Exclude<z.output<typeof posted>, { act: "card" | "email" | "pay" }>;

function changeSubscription(
  standIn: StandIn,
  subscription: PortalSubscription,
  sent: SubscriptionAct,
): string {
  const path = `/v1/subscriptions/${subscription.id}`;
  switch (sent.act) {
    case "cancel":
      callApi(standIn, "POST", path, scheduleEnd(subscription));
      return "Your subscription ends with the time you paid for.";
    case "keep":
      callApi(standIn, "POST", path, keepSubscription(subscription));
      return "Your subscription goes on.";
    case "cancel-now":
      callApi(standIn, "DELETE", path);
      return "Your subscription has ended.";
    case "pause":
      callApi(standIn, "POST", `${path}/pause`);
      return "Your subscription is paused.";
    case "resume":
      callApi(standIn, "POST", `${path}/resume`);
      return "Your subscription has resumed.";
    case "change":
      callApi(standIn, "POST", path, {
        items: [{ id: sent.item, price: sent.price, quantity: sent.quantity }],
      });
      return "Your plan is changed.";
  }
}

function requireOwn(standIn: StandIn, session: StoredPortalSession, id: string): PortalSubscription {
  const subject = subjectOf(session);
  const isMeant = subject === null || subject === id;
  const subscription = isMeant ? findOwnSubscription(standIn, session.customer, id) : null;
  if (subscription === null) throw new PortalRefusal("There is no such subscription here.");
  return subscription;
}

function payInvoice(standIn: StandIn, customer: string, id: string): string {
  const invoice = invoicesOf(standIn, customer).find((candidate) => candidate.id === id);
  if (invoice === undefined) throw new PortalRefusal("There is no such invoice here.");
  callApi(standIn, "POST", `/v1/invoices/${id}/pay`);
  return "The invoice is paid.";
}
