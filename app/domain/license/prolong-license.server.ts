import { DomainError } from "#app/domain/domain-error.ts";
import { validUntil } from "#app/domain/license/assess-license.ts";
import { lockLicense } from "#app/domain/license/change-license.server.ts";
import { type ManagedChange, setEnd } from "#app/domain/license/manage-license.server.ts";
import type { ManagedLicense } from "#app/domain/license/managed-license.ts";
import { inTransactionThenWake } from "#app/infra/wake-worker.server.ts";

/**
 * Moves the end of a license on from where it is, also when that is over. The row is locked while `later` counts, so two
 * that come at once count twice; a repeat does, too, unless it carries the same Idempotency-Key.
 * @throws DomainError CONFLICT for a license that is revoked or never ends.
 */
export function prolong(request: ManagedChange & { later: (end: Date) => Date }): Promise<ManagedLicense> {
  return inTransactionThenWake(async (tx) => {
    const end = validUntil(await lockLicense(tx, request.licenseId));
    if (!end) throw new DomainError("CONFLICT", "This license never ends, so there is nothing to renew.");
    return setEnd({ ...request, end: request.later(end) });
  });
}
