import { z } from "zod";

/** What a plan's form posts. The address is only a prefill; Stripe asks for it again. */
export const CheckoutForm = z.object({
  price: z.string().min(1, "Choose a plan.").max(64, "Choose a plan."),
  quantity: z.coerce
    .number("Enter a whole number.")
    .int("Enter a whole number.")
    .min(1, "Buy at least one.")
    .max(100_000, "That is more than can be bought at once.")
    .default(1),
  email: z
    .union([z.literal(""), z.email("Enter an email address, for example name@example.com.").max(254)])
    .optional()
    .transform((value) => value || undefined),
  /** An order whose payment page could not be opened, to try again without making a second one. */
  order: z
    .string()
    .regex(/^ord_\w{1,40}$/)
    .optional()
    .catch(undefined),
});
