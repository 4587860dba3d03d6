import type { Actor, AuditEvent } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { deriveSigningKey } from "#app/domain/signing-key/ed25519.server.ts";
import { forgetSigningKey, requireDerived, signingKey } from "#app/domain/signing-key/signing-key.server.ts";
import { requireSigningKeyState, retirementProblem } from "#app/domain/signing-key/signing-key.ts";
import { claimSubmission } from "#app/domain/submission.server.ts";
import { afterCommit, inTransaction, type Tx } from "#app/infra/db.server.ts";

export type SigningKeyChange = {
  actor: Actor;
  now: Date;
  requestId: string | null;
  /** The token of the form, so that the same submit again changes nothing. */
  submission?: string | undefined;
};

/**
 * Makes the next generation sign. The key before it goes on verifying, so no file anybody holds is lost; every process
 * signs with the new one within a second.
 */
export async function rotateSigningKey(change: SigningKeyChange): Promise<{ message: string }> {
  await signingKey();
  return changeKeys(change, "A new key signs from now on. The one before it still verifies.", async (tx) => {
    const rows = await tx.signingKey.findMany({ orderBy: { generation: "desc" } });
    const active = rows.find(({ state }) => state === "active");
    if (active) requireDerived(active);
    const generation = (rows[0]?.generation ?? 0) + 1;
    const { keyId, publicKey } = deriveSigningKey(generation);
    await tx.signingKey.updateMany({ where: { state: "active" }, data: { state: "verify-only" } });
    await tx.signingKey.create({
      data: { generation, keyId, publicKey, state: "active", createdAt: change.now },
    });
    const before = active ? { active: active.keyId } : {};
    await remember(tx, change, "signing-key.rotated", {
      keyId,
      before,
      after: { active: keyId, generation },
    });
  });
}

/**
 * Takes a verify-only key out of the list that apps trust: for one that may be known to others. Files it signed fail in
 * every app that fetches the list anew. Retiring it again changes nothing.
 * @throws DomainError NOT_FOUND, or CONFLICT for the active key.
 */
export async function retireSigningKey(
  change: SigningKeyChange & { generation: number },
): Promise<{ message: string }> {
  const { generation, now } = change;
  return changeKeys(change, "The key is retired: it is no longer in the list of public keys.", async (tx) => {
    const row = await tx.signingKey.findUnique({ where: { generation } });
    if (!row) throw new DomainError("NOT_FOUND", "There is no signing key of this generation.");
    const problem = retirementProblem(requireSigningKeyState(row.state));
    if (problem) throw new DomainError("CONFLICT", problem);
    if (row.state === "retired") return;
    await tx.signingKey.update({ where: { generation }, data: { state: "retired", retiredAt: now } });
    const states = { before: { state: row.state }, after: { state: "retired" } };
    await remember(tx, change, "signing-key.retired", { keyId: row.keyId, ...states });
  });
}

/** One change at a time, over all processes; reading goes on meanwhile. */
function changeKeys(
  change: SigningKeyChange,
  message: string,
  work: (tx: Tx) => Promise<void>,
): Promise<{ message: string }> {
  const { submission, actor, now } = change;
  return inTransaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE signing_key IN SHARE ROW EXCLUSIVE MODE`;
    if (submission) {
      const actorId = "id" in actor ? actor.id : actor.label;
      const said = await claimSubmission(tx, { token: submission, actorId, message, now });
      if (said !== null) return { message: said };
    }
    await work(tx);
    afterCommit(forgetSigningKey);
    return { message };
  });
}

function remember(
  tx: Tx,
  { actor, now, requestId }: SigningKeyChange,
  event: AuditEvent,
  change: { keyId: string; before: Record<string, string>; after: Record<string, string | number> },
): Promise<void> {
  const { keyId, before, after } = change;
  return recordAudit(tx, {
    now,
    actor,
    event,
    target: { type: "signing_key", id: keyId },
    before,
    after,
    requestId,
  });
}
