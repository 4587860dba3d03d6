import {
  type ClaimedEmail,
  claimDueEmails,
  markEmailAttemptFailed,
  markEmailDropped,
  markEmailSent,
} from "#app/domain/email-outbox/email-outbox.server.ts";
import { renderEmail } from "#app/emails/render-email.server.tsx";
import { getEnv } from "#app/infra/env.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { MailError, maxSmtpConnections, sendMail } from "#app/infra/mailer.server.ts";

type Outcome = "sent" | "dropped" | "deferred" | "failed";

export type SendResult = Record<Outcome, number>;

/**
 * Sends the mails that are due at `now`, at most `limit`. Any number of processes may run it at once. Without
 * SMTP_URL nothing is sent and every mail stays queued. A process that dies between the server's "accepted" and the
 * mark sends that mail again, with the same Message-ID, once the lease has run out; no mail is lost.
 */
export async function sendDueEmails(input: { now: Date; limit?: number }): Promise<SendResult> {
  const result: SendResult = { sent: 0, dropped: 0, deferred: 0, failed: 0 };
  if (!getEnv().smtpUrl) return result;
  const clock = clockFrom(input.now);
  let left = input.limit ?? 20;
  while (left > 0) {
    // Never more than the connections can carry at once: a mail that waits for one would outlive its lease.
    const emails = await claimDueEmails({ now: clock(), limit: Math.min(left, maxSmtpConnections) });
    if (emails.length === 0) break;
    left -= emails.length;
    const outcomes = await Promise.allSettled(emails.map((email) => sendOne(email, clock)));
    for (const outcome of outcomes) {
      if (outcome.status === "fulfilled") result[outcome.value]++;
      else logger().error({ err: outcome.reason }, "a mail could not be marked; its lease will run out");
    }
  }
  return result;
}

async function sendOne(email: ClaimedEmail, clock: () => Date): Promise<Outcome> {
  let subject: string;
  try {
    const rendered = await renderEmail(email, { reveal: true, now: clock() });
    if ("dropped" in rendered) {
      await markEmailDropped(email, { now: clock(), reason: rendered.dropped });
      return "dropped";
    }
    const { mailFrom: from } = getEnv();
    await sendMail({ ...rendered, to: email.recipient, from, messageId: email.messageId });
    subject = rendered.subject;
  } catch (error) {
    return attemptFailed(email, error, clock());
  }
  // Outside the try: a mail that was sent but could not be marked is not a failed one.
  await markEmailSent(email, { now: clock(), subject });
  return "sent";
}

async function attemptFailed(email: ClaimedEmail, error: unknown, now: Date): Promise<Outcome> {
  const permanent = error instanceof MailError && error.permanent;
  const words = error instanceof Error ? error.message : "The mail could not be written.";
  logger().warn({ emailId: email.id, kind: email.kind, permanent, err: error }, "a mail was not sent");
  const gaveUp = await markEmailAttemptFailed(email, { now, error: oneLine(words), permanent });
  return gaveUp ? "failed" : "deferred";
}

const oneLine = (words: string) => words.replace(/\s+/g, " ").slice(0, 500);

/** Time that goes on from `now` while mails are being sent, so that a long run neither leases nor marks in the past. */
function clockFrom(now: Date): () => Date {
  const started = performance.now();
  return () => new Date(now.getTime() + (performance.now() - started));
}
