import { db, type Tx } from "#app/infra/db.server.ts";

/**
 * Claims a form's token inside the transaction that carries the form out, so that the same submit again
 * (double click, reload, two tabs) changes nothing and says the same.
 * @returns null when this is the first time; otherwise the message the first time ended with.
 */
export async function claimSubmission(
  tx: Tx,
  submission: { token: string; actorId: string; message: string; now: Date },
): Promise<string | null> {
  const { token, actorId, message, now } = submission;
  const { count } = await tx.submission.createMany({
    data: [{ token, actorId, message, createdAt: now }],
    skipDuplicates: true,
  });
  if (count === 1) return null;
  const first = await tx.submission.findFirst({ where: { token, actorId } });
  return first?.message ?? "Nothing was changed: this form was already submitted.";
}

/**
 * What a form ended with that was carried out before, without claiming its token: for work that cannot lie within one
 * transaction and need not be done twice.
 * @returns null when it was not carried out yet.
 */
export async function saidBefore(submission: { token: string; actorId: string }): Promise<string | null> {
  const { token, actorId } = submission;
  const first = await db().submission.findFirst({ where: { token, actorId } });
  return first?.message ?? null;
}
