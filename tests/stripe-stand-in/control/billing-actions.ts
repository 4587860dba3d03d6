import { z } from "zod";
import { setCard } from "#tests/stripe-stand-in/billing/cards.ts";
import { approveAction } from "#tests/stripe-stand-in/billing/invoice-actions.ts";
import { setBilling } from "#tests/stripe-stand-in/billing/settings.ts";
import {
  keepSubscription,
  requireSubscription,
  scheduleEnd,
} from "#tests/stripe-stand-in/billing-portal/portal-facts.ts";
import { callApi } from "#tests/stripe-stand-in/call-api.ts";
import { CARD_BEHAVIOURS } from "#tests/stripe-stand-in/stored-types.ts";
import { type Actions, action, yes } from "./action.ts";

const onSubscription = z.object({ subscription: z.string() });

/** What happens between Stripe, a subscription and the card that pays for it. */
export const billingActions: Actions = {
  "cancel-subscription": action(onSubscription.extend({ now: yes.default(false) }), (standIn, sent) => {
    const { subscription: id, now } = sent;
    if (now) {
      const result = callApi(standIn, "DELETE", `/v1/subscriptions/${id}`);
      return { message: `${id} has ended`, result };
    }
    const result = callApi(
      standIn,
      "POST",
      `/v1/subscriptions/${id}`,
      scheduleEnd(requireSubscription(standIn, id)),
    );
    return { message: `${id} ends with its period`, result };
  }),
  "keep-subscription": action(onSubscription, (standIn, { subscription: id }) => {
    const result = callApi(
      standIn,
      "POST",
      `/v1/subscriptions/${id}`,
      keepSubscription(requireSubscription(standIn, id)),
    );
    return { message: `${id} goes on`, result };
  }),
  "set-card": action(
    z.object({ customer: z.string(), behaviour: z.enum(CARD_BEHAVIOURS) }),
    (standIn, { customer, behaviour }) => {
      setCard(standIn, customer, behaviour);
      return { message: `The card of ${customer}: ${behaviour.replaceAll("_", " ")}`, result: null };
    },
  ),
  billing: action(
    z.object({ dunningEnd: z.enum(["past_due", "unpaid", "canceled", "paused"]) }),
    (standIn, { dunningEnd }) => {
      const settings = setBilling(standIn, { dunningEnd });
      return {
        message: `After the last failed attempt: ${dunningEnd.replaceAll("_", " ")}`,
        result: settings,
      };
    },
  ),
  invoice: action(
    z.object({
      invoice: z.string(),
      does: z.enum(["finalize", "pay", "pay_out_of_band", "approve_action", "void", "mark_uncollectible"]),
    }),
    (standIn, { invoice: id, does }) => {
      if (does === "approve_action") {
        return { message: `The payment of ${id} is confirmed`, result: approveAction(standIn, id) };
      }
      const isElsewhere = does === "pay_out_of_band";
      const verb = isElsewhere ? "pay" : does;
      const parameters = isElsewhere ? { paid_out_of_band: true } : {};
      const result = callApi(standIn, "POST", `/v1/invoices/${id}/${verb}`, parameters);
      return { message: `${does.replaceAll("_", " ")}: ${id}`, result };
    },
  ),
};
