import { sealAuditLog } from "#app/domain/audit-log/seal-audit-log.server.ts";
import { sweepCheckoutSessions } from "#app/domain/stripe-sync/sweep-checkout-sessions.server.ts";
import { syncDueSources } from "#app/domain/stripe-sync/sync-due-sources.server.ts";
import { deleteExpired } from "#app/jobs/delete-expired.server.ts";
import { sendDueEmails } from "#app/jobs/send-due-emails.server.ts";

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
 */
export async function reconcile(now: Date): Promise<Reconciliation> {
  const found = await sweepCheckoutSessions(now);
  // A payment may hand its hint on to a session: the second round syncs that one.
  const synced = (await syncDueSources(now)) + (await syncDueSources(now));
  const { sent } = await sendDueEmails({ now, limit: mailsAtOnce });
  const recordsSealed = await sealThoroughly(now);
  await deleteExpired(now);
  return { found, synced, emailsSent: sent, recordsSealed };
}
