import { sealAuditLog } from "#app/domain/audit-log/seal-audit-log.server.ts";
import { syncDueSources } from "#app/domain/stripe-sync/sync-due-sources.server.ts";
import { deleteExpired } from "#app/jobs/delete-expired.server.ts";
import { queueEndReminders } from "#app/jobs/queue-end-reminders.server.ts";
import { sendDueEmails } from "#app/jobs/send-due-emails.server.ts";
import { sweepEverything } from "#app/jobs/sweep.server.ts";

export type Reconciliation = { found: number; synced: number; emailsSent: number; recordsSealed: number };

const mailsAtOnce = 1_000;
const recordsAtOnce = 1_000;

/** Also finds what the running sealer, which looks at the newest rows only, was too early for. */
async function sealThoroughly(now: Date): Promise<number> {
  let sealed = 0;
  for (;;) {
    const count = await sealAuditLog({ now, limit: recordsAtOnce, thorough: true });
    sealed += count;
    if (count < recordsAtOnce) return sealed;
  }
}

/**
 * One tick: every sweep and every due timer once, now. Heals whatever lost webhooks, crashes or outages left
 * behind; changes nothing when all is in step. Safe beside running servers and workers.
 * @throws the first error of a sweep, after everything else was done.
 */
export async function reconcile(now: Date): Promise<Reconciliation> {
  const sweep = await sweepEverything(now);
  // Until nothing is due: a refund hands its hint on to a payment's purchase, a session to its subscription. The second
  // round finds what a worker beside this one handed on meanwhile.
  const synced = (await syncDueSources(now)) + (await syncDueSources(now));
  await queueEndReminders(now);
  const { sent } = await sendDueEmails({ now, limit: mailsAtOnce });
  const recordsSealed = await sealThoroughly(now);
  await deleteExpired(now);
  if (sweep.firstError) throw sweep.firstError;
  return { found: sweep.found, synced, emailsSent: sent, recordsSealed };
}
