import { z } from "zod";
import type { EmailKind, EmailProps } from "#app/domain/email-outbox/email.ts";

const ofOrder = z.object({ orderId: z.string().min(1) });
const ofLicense = z.object({ licenseId: z.string().min(1) });

const EmailPropsSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("license-issued"), props: ofOrder }),
  z.object({ kind: z.literal("license-resent"), props: ofLicense }),
  z.object({ kind: z.literal("payment-pending"), props: ofOrder }),
  z.object({ kind: z.literal("payment-failed"), props: ofOrder }),
  z.object({ kind: z.literal("sign-in-code"), props: z.object({ expiresAt: z.iso.datetime() }) }),
  z.object({
    kind: z.literal("license-changed"),
    props: ofLicense.extend({
      change: z.enum(["extended", "suspended", "reinstated", "revoked"]),
      validUntil: z.iso.datetime().exactOptional(),
      note: z.string().exactOptional(),
    }),
  }),
]);

/** A row's kind and props, matched. The same type queueEmail writes, so that the two cannot drift apart. */
export type StoredEmailProps = { [K in EmailKind]: { kind: K; props: EmailProps[K] } }[EmailKind];

/** @throws ZodError when the row was written by another version of Latchkey, which names the field. */
export function parseEmailProps(row: { kind: string; props: unknown }): StoredEmailProps {
  return EmailPropsSchema.parse({ kind: row.kind, props: row.props });
}
