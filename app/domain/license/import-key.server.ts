import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { importedKeyProblem } from "#app/domain/license/imported-key.ts";
import { typedKeyLookup } from "#app/domain/license/license-key.server.ts";
import { normalizeKey } from "#app/domain/license/license-key.ts";
import { noteSettings } from "#app/domain/setting/recent-settings.server.ts";
import { readSettings } from "#app/domain/setting/settings.server.ts";
import { afterCommit, type Tx } from "#app/infra/db.server.ts";

/** @throws DomainError INVALID on `key`, saying why it cannot go on here. */
export function requireImportableKey(key: string, quantity: number): void {
  if (quantity !== 1)
    throw new DomainError(
      "INVALID",
      "A key belongs to one license: choose a quantity of 1, or leave it out.",
      {
        field: "key",
      },
    );
  // One that Latchkey itself made, here or elsewhere, is as good as any.
  const problem = normalizeKey(key) ? null : importedKeyProblem(key);
  if (problem) throw new DomainError("INVALID", problem, { field: "key" });
}

/**
 * @throws DomainError CONFLICT when a license has this key or had it, also where the two differ in case, spaces and dashes
 * only: whoever types one could mean the other.
 */
export async function requireFreeKey(tx: Tx, key: string): Promise<void> {
  const keyHmac = typedKeyLookup(key, { imported: true }) ?? "";
  const taken =
    (await tx.license.count({ where: { keyHmac } })) + (await tx.supersededKey.count({ where: { keyHmac } }));
  if (taken > 0) throw keyTaken();
}

export function keyTaken(): DomainError {
  return new DomainError(
    "CONFLICT",
    "There is a license with this key. Keys that differ only in case, spaces and dashes count as one.",
    { field: "key" },
  );
}

/**
 * From now on keys that another system made are looked up: at once in this process, within a second in others. Safe to
 * repeat.
 */
export async function acceptImportedKeys(
  tx: Tx,
  { actor, now, requestId }: { actor: Actor; now: Date; requestId: string | null },
): Promise<void> {
  const { importedKeys: before } = await readSettings(tx);
  if (before === "accepted") return;
  const name = "importedKeys";
  const value = "accepted";
  await tx.setting.upsert({ where: { name }, create: { name, value }, update: { value } });
  await recordAudit(tx, {
    ...{ now, actor, requestId, event: "setting.changed", target: { type: "setting", id: name } },
    ...{ before: { [name]: before }, after: { [name]: value } },
  });
  afterCommit(() => noteSettings({ importedKeys: value }));
}
