import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudits } from "#app/domain/audit-log/audit-log.server.ts";
import { newId } from "#app/domain/ids.ts";
import { licenseAuditFacts } from "#app/domain/license/license-facts.ts";
import type { LicenseChange, SettledLicense } from "#app/domain/license/settle-license.ts";
import type { Tx } from "#app/infra/db.server.ts";
import type { Prisma } from "#app/infra/prisma-client/client.ts";

const parts = { holds: true } satisfies Prisma.LicenseInclude;
export type LicenseWithHolds = Prisma.LicenseGetPayload<{ include: typeof parts }>;

/** The licenses of one purchase with their holds, locked so that an act of staff comes before or after, not between. */
export async function lockLicensesOf(tx: Tx, sourceId: string): Promise<LicenseWithHolds[]> {
  await tx.$queryRaw`SELECT 1 FROM license WHERE source_id = ${sourceId} ORDER BY id FOR UPDATE`;
  return tx.license.findMany({
    where: { sourceId },
    include: parts,
    orderBy: [{ itemKey: "asc" }, { ordinal: "asc" }],
  });
}

export function settledFacts(row: LicenseWithHolds): SettledLicense {
  return { ...row, holds: row.holds.map((hold) => hold.cause) };
}

type Context = { actor: Actor; cause: string | null; now: Date };

/**
 * Writes planned changes, each with a raised version and exactly one audit row that has before and after (I7).
 * Licenses that change alike share a statement, so that a subscription of a thousand seats renews in a few.
 */
export async function writeLicenseChanges(
  tx: Tx,
  licenses: readonly LicenseWithHolds[],
  changes: readonly LicenseChange[],
  { actor, cause, now }: Context,
): Promise<void> {
  if (changes.length === 0) return;
  await moveAside(tx, licenses, changes);
  for (const [columns, licenseIds] of grouped(changes))
    await tx.license.updateMany({
      where: { id: { in: licenseIds } },
      data: { ...columns, version: { increment: 1 } },
    });
  const added = changes.flatMap(({ licenseId, addHolds }) =>
    addHolds.map((hold) => ({ id: newId("hold", now), licenseId, ...hold, createdAt: now })),
  );
  if (added.length > 0) await tx.licenseHold.createMany({ data: added, skipDuplicates: true });
  const removedCauses = [...new Set(changes.flatMap(({ removeHolds }) => removeHolds))];
  for (const removed of removedCauses)
    await tx.licenseHold.deleteMany({
      where: {
        cause: removed,
        licenseId: {
          in: changes.filter(({ removeHolds }) => removeHolds.includes(removed)).map((c) => c.licenseId),
        },
      },
    });
  const ids = changes.map(({ licenseId }) => licenseId);
  const after = await tx.license.findMany({ where: { id: { in: ids } }, include: parts });
  const afterById = new Map(after.map((row) => [row.id, row]));
  await recordAudits(
    tx,
    changes.flatMap((change) => {
      const before = licenses.find((row) => row.id === change.licenseId);
      const result = afterById.get(change.licenseId);
      if (!before || !result) return [];
      return [
        {
          now,
          actor,
          event: change.event,
          target: { type: "license", id: before.id },
          licenseId: before.id,
          orderId: before.orderId,
          customerId: before.customerId,
          reason: change.reason,
          cause,
          before: licenseAuditFacts(before),
          after: licenseAuditFacts(result),
        },
      ];
    }),
  );
}

/** Two licenses may trade places; between the two statements neither may stand in the other's (unique slot). */
async function moveAside(
  tx: Tx,
  licenses: readonly LicenseWithHolds[],
  changes: readonly LicenseChange[],
): Promise<void> {
  const moving = changes
    .filter(({ columns }) => columns.itemKey !== undefined || columns.ordinal !== undefined)
    .map(({ licenseId }) => licenseId);
  const taken = new Set(
    licenses.filter(({ id }) => moving.includes(id)).map((row) => `${row.itemKey}|${row.ordinal}`),
  );
  const trades = changes.some(({ licenseId, columns }) => {
    const row = licenses.find(({ id }) => id === licenseId);
    const place = `${columns.itemKey ?? row?.itemKey}|${columns.ordinal ?? row?.ordinal}`;
    return moving.includes(licenseId) && taken.has(place);
  });
  if (trades) await tx.license.updateMany({ where: { id: { in: moving } }, data: { ordinal: null } });
}

function grouped(changes: readonly LicenseChange[]): Map<Prisma.LicenseUncheckedUpdateManyInput, string[]> {
  const groups = new Map<string, { columns: Prisma.LicenseUncheckedUpdateManyInput; ids: string[] }>();
  for (const { licenseId, columns } of changes) {
    const key = JSON.stringify(columns);
    const { entitlements, ...plain } = columns;
    const group = groups.get(key) ?? {
      columns: {
        ...plain,
        // The catalog's own JSON, handed through.
        ...(entitlements && { entitlements: entitlements as Prisma.InputJsonObject }),
      },
      ids: [],
    };
    group.ids.push(licenseId);
    groups.set(key, group);
  }
  return new Map([...groups.values()].map(({ columns, ids }) => [columns, ids]));
}
