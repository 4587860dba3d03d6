import type { EmailKind, EmailProps } from "#app/domain/email-outbox/email.ts";
import { newId } from "#app/domain/ids.ts";
import type { Tx } from "#app/infra/db.server.ts";
import { getEnv } from "#app/infra/env.server.ts";
import { encrypt } from "#app/infra/secrets.server.ts";

export type QueuedEmail<K extends EmailKind> = {
  now: Date;
  kind: K;
  /** With kind and recipient, what makes this mail the only one: an order id, a submission token, … */
  causeKey: string;
  recipient: string;
  props: EmailProps[K];
  /** Kept sealed until the mail is sent, then erased. */
  secret?: string;
  customerId?: string | null;
  orderId?: string | null;
  licenseId?: string | null;
};

/**
 * Owes somebody a mail, in the transaction that makes it owed. The same kind, cause and recipient again
 * changes nothing, so callers may be repeated.
 * @returns whether this call queued it.
 */
export async function queueEmail<K extends EmailKind>(tx: Tx, email: QueuedEmail<K>): Promise<boolean> {
  const id = newId("mail", email.now);
  const { count } = await tx.email.createMany({
    data: [
      {
        id,
        kind: email.kind,
        causeKey: email.causeKey,
        recipient: email.recipient,
        props: email.props,
        secret: email.secret === undefined ? null : encrypt("email-secret", email.secret, id),
        customerId: email.customerId ?? null,
        orderId: email.orderId ?? null,
        licenseId: email.licenseId ?? null,
        // Stable over retries, so that a mail repeated after a crash is recognized as the same one.
        messageId: `<${id}@${new URL(getEnv().appUrl).hostname}>`,
        nextAttemptAt: email.now,
        createdAt: email.now,
      },
    ],
    skipDuplicates: true,
  });
  return count === 1;
}
