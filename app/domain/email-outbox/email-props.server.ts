import { z } from "zod";
import type { EmailKind, EmailProps } from "#app/domain/email-outbox/email.ts";

const ofOrder = z.object({ orderId: z.string().min(1) });
const ofLicense = z.object({ licenseId: z.string().min(1) });
const ofLicenses = z.object({ licenseIds: z.array(z.string().min(1)).min(1) });
const ofSubscription = z.object({ subscriptionId: z.string().min(1) });
const ofInvoice = ofSubscription.extend({ invoiceId: z.string().min(1) });
const instant = z.iso.datetime();

const EmailPropsSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("license-issued"), props: ofOrder }),
  z.object({ kind: z.literal("license-resent"), props: ofLicense }),
  z.object({ kind: z.literal("payment-pending"), props: ofOrder }),
  z.object({ kind: z.literal("payment-failed"), props: ofOrder }),
  z.object({ kind: z.literal("sign-in-code"), props: z.object({ expiresAt: instant }) }),
  z.object({
    kind: z.literal("license-changed"),
    props: ofLicense.extend({
      change: z.enum(["extended", "suspended", "reinstated", "revoked"]),
      validUntil: instant.exactOptional(),
      note: z.string().exactOptional(),
    }),
  }),
  z.object({
    kind: z.literal("license-ending"),
    props: ofLicenses.extend({ end: instant, daysLeft: z.literal([30, 7, 1, 0]) }),
  }),
  z.object({ kind: z.literal("license-expired"), props: ofLicenses.extend({ end: instant }) }),
  z.object({ kind: z.literal("license-renewed"), props: ofLicense.extend(ofOrder.shape) }),
  z.object({ kind: z.literal("license-suspended"), props: ofLicenses.extend({ cause: z.string() }) }),
  z.object({ kind: z.literal("license-reinstated"), props: ofLicenses.extend({ cause: z.string() }) }),
  z.object({ kind: z.literal("trial-ending"), props: ofSubscription.extend({ trialEnd: instant }) }),
  z.object({
    kind: z.literal("renewal-failed"),
    props: ofInvoice.extend({ stage: z.enum(["first", "reminder", "final"]) }),
  }),
  z.object({ kind: z.literal("payment-action-required"), props: ofInvoice }),
  z.object({ kind: z.literal("payment-recovered"), props: ofInvoice }),
  z.object({ kind: z.literal("cancel-scheduled"), props: ofSubscription.extend({ endsAt: instant }) }),
  z.object({ kind: z.literal("cancel-undone"), props: ofSubscription.extend({ endsAt: instant }) }),
  z.object({
    kind: z.literal("seats-changed"),
    props: ofSubscription.extend({ before: z.number().int(), after: z.number().int() }),
  }),
  z.object({ kind: z.literal("plan-changed"), props: ofSubscription }),
  z.object({
    kind: z.literal("refunded"),
    props: ofOrder.extend({ amount: z.number().int(), currency: z.string().min(1), full: z.boolean() }),
  }),
]);

/** A row's kind and props, matched. The same type queueEmail writes, so that the two cannot drift apart. */
export type StoredEmailProps = { [K in EmailKind]: { kind: K; props: EmailProps[K] } }[EmailKind];

/** @throws ZodError when the row was written by another version of Latchkey, which names the field. */
export function parseEmailProps(row: { kind: string; props: unknown }): StoredEmailProps {
  return EmailPropsSchema.parse({ kind: row.kind, props: row.props });
}
