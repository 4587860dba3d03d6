import { z } from "zod";
import type { ChargedPayment } from "#app/domain/payment/payment.ts";

const instant = z.iso.datetime().transform((value) => new Date(value));

/** A payment as it is kept in the snapshot of a purchase: the JSON of a `ChargedPayment`. */
export const storedPayment = z.object({
  id: z.string(),
  amount: z.number(),
  currency: z.string(),
  refunds: z.array(
    z.object({
      id: z.string(),
      amount: z.number(),
      status: z.string(),
      chargeId: z.string().nullable(),
      created: instant,
    }),
  ),
  disputes: z.array(
    z.object({
      id: z.string(),
      amount: z.number(),
      status: z.string(),
      caseType: z.string().nullable(),
      reason: z.string(),
      created: instant,
      evidenceDueBy: instant.nullable(),
    }),
  ),
  fraudWarnings: z.array(
    z.object({ id: z.string(), actionable: z.boolean(), fraudType: z.string(), created: instant }),
  ),
}) satisfies z.ZodType<ChargedPayment>;

const SessionSnapshot = z.object({ payment: storedPayment.nullish() });

/** The payment of a one-time sale from its source's snapshot; null when nothing was collected or is known. */
export function readSessionPayment(stored: unknown): ChargedPayment | null {
  const parsed = SessionSnapshot.safeParse(stored);
  return parsed.success ? (parsed.data.payment ?? null) : null;
}
