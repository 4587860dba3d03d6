import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { canBeId } from "#app/domain/search-text.ts";
import { inTransaction } from "#app/infra/db.server.ts";
import { masterKeyId } from "#app/infra/secrets.server.ts";

/**
 * The key in clear, for staff. Each look leaves an audit row, which is committed before the key is given.
 * @throws DomainError NOT_FOUND, or UNAVAILABLE when the key was sealed under another master key.
 */
export async function revealKey(request: {
  licenseId: string;
  actor: Actor & { type: "staff" };
  now: Date;
  requestId: string | null;
}): Promise<{ key: string }> {
  const { licenseId, actor, now, requestId } = request;
  return inTransaction(async (tx) => {
    const license = canBeId(licenseId) ? await tx.license.findUnique({ where: { id: licenseId } }) : null;
    if (!license) throw new DomainError("NOT_FOUND", "There is no license with this id.");
    if (license.keyEncryptionKeyId !== masterKeyId())
      throw new DomainError(
        "UNAVAILABLE",
        "This key was sealed under another master key. Start Latchkey with the MASTER_KEY that was in use when it was issued.",
      );
    const key = readKey(license);
    await recordAudit(tx, {
      now,
      actor,
      event: "license.key-revealed",
      target: { type: "license", id: license.id },
      licenseId: license.id,
      orderId: license.orderId,
      customerId: license.customerId,
      requestId,
    });
    return { key };
  });
}
