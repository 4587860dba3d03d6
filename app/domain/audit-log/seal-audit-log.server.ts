import { chainBeginning, sealHash } from "#app/domain/audit-log/audit-seal.server.ts";
import { db, inTransaction, type Tx } from "#app/infra/db.server.ts";
import type { AuditLog } from "#app/infra/prisma-client/client.ts";

// The number only has to differ from the other advisory locks of this database.
const sealerLock = 7_301_962;

/**
 * How far behind the newest sealed number a run looks for rows that committed late. Those further behind are
 * found by a thorough run.
 */
const lateWindow = 2_000;

/**
 * Seals audit rows that have no seal yet, in the order of their numbers: each seal is the SHA-256 of the seal
 * before it and the row, so no sealed row can be changed, removed or moved without breaking the chain. A row that
 * committed after a higher number was sealed gets a later position. One sealer works at a time; a second call
 * meanwhile does nothing. Safe to repeat and to stop at any moment.
 * @param input.thorough looks through the whole log instead of its newest part (`npm run reconcile`).
 * @returns how many rows were sealed; `limit` of them means there may be more.
 */
export function sealAuditLog(input: { now: Date; limit?: number; thorough?: boolean }): Promise<number> {
  const { now, limit = 1000, thorough = false } = input;
  return inTransaction(async (tx) => {
    const [lock] = await tx.$queryRaw<{ taken: boolean }[]>`
      SELECT pg_try_advisory_xact_lock(${sealerLock}::bigint) AS taken`;
    if (!lock?.taken) return 0;
    const tip = await tx.auditSeal.findFirst({ orderBy: { position: "desc" } });
    const rows = await unsealedRows(tx, { from: thorough ? 0n : await windowStart(tx), limit });
    let position = tip?.position ?? 0;
    let hash = tip?.hash ?? chainBeginning;
    const seals = rows.map((row) => {
      hash = sealHash(hash, row);
      position += 1;
      return { position, auditSeq: row.seq, hash, sealedAt: now };
    });
    if (seals.length > 0) await tx.auditSeal.createMany({ data: seals });
    return seals.length;
  });
}

async function windowStart(tx: Tx): Promise<bigint> {
  const newest = await tx.auditSeal.findFirst({ orderBy: { auditSeq: "desc" } });
  return newest ? newest.auditSeq - BigInt(lateWindow) : 0n;
}

async function unsealedRows(tx: Tx, input: { from: bigint; limit: number }): Promise<AuditLog[]> {
  const found = await tx.$queryRaw<{ seq: bigint }[]>`
    SELECT seq FROM audit_log AS a
    WHERE seq > ${input.from} AND NOT EXISTS (SELECT 1 FROM audit_seal WHERE audit_seq = a.seq)
    ORDER BY seq LIMIT ${input.limit}`;
  return tx.auditLog.findMany({
    where: { seq: { in: found.map(({ seq }) => seq) } },
    orderBy: { seq: "asc" },
  });
}

/** changed: the row is not what was sealed; the other words say what they say. */
export type AuditProblem = "changed" | "deleted" | "inserted" | "seal-missing";

export type AuditVerdict = {
  /** Seals followed, up to the first bad one. */
  checked: number;
  firstBadSeq: bigint | null;
  problem: AuditProblem | null;
  /** Rows the sealer has not reached yet: normally those of the last seconds. */
  unsealed: number;
  /** The end of the chain. Kept somewhere else, it shows whether the newest rows were cut off. */
  tip: { position: number; hash: string } | null;
};

/** How long before it became visible a row may say it happened: transactions last seconds, clocks differ a little. */
const toleranceMs = 10 * 60_000;
const batchSize = 2000;

/**
 * Follows the chain from its beginning and names the first bad row. Found are rows changed, deleted or swapped
 * after they were sealed, seals removed or forged, and rows put in later with an earlier number and date. Not
 * found, without a copy of an earlier `tip`: cutting off the newest rows together with their seals, or computing
 * the whole chain anew, which takes an owner of the tables. Writes nothing.
 */
export async function verifyAuditLog(): Promise<AuditVerdict> {
  const tip = await db().auditSeal.findFirst({ orderBy: { position: "desc" } });
  const walk: Walk = { hash: chainBeginning, position: 0, highest: [] };
  let bad: BadRow | null = null;
  let lastRead: number | null = null;
  while (tip && !bad && lastRead !== tip.position) {
    const seals: Seal[] = await db().auditSeal.findMany({
      where: { position: { lte: tip.position, ...(lastRead === null ? {} : { gt: lastRead }) } },
      orderBy: { position: "asc" },
      take: batchSize,
    });
    if (seals.length === 0) break;
    bad = await followSeals(walk, seals);
    lastRead = seals.at(-1)?.position ?? null;
  }
  bad ??= await findInsertedUnsealed(walk);
  return {
    checked: walk.position,
    firstBadSeq: bad?.seq ?? null,
    problem: bad?.problem ?? null,
    unsealed: await countUnsealed(),
    tip: tip ? { position: tip.position, hash: tip.hash } : null,
  };
}

type Seal = { position: number; auditSeq: bigint; hash: string; sealedAt: Date };
type BadRow = { seq: bigint; problem: AuditProblem };
/** `highest`: by the minute, the highest number that had been sealed by then. */
type Walk = { hash: string; position: number; highest: { by: number; seq: bigint }[] };

async function followSeals(walk: Walk, seals: Seal[]): Promise<BadRow | null> {
  const rows = await db().auditLog.findMany({ where: { seq: { in: seals.map((seal) => seal.auditSeq) } } });
  const bySeq = new Map(rows.map((row) => [row.seq, row]));
  for (const seal of seals) {
    const row = bySeq.get(seal.auditSeq);
    const problem = problemOf(walk, seal, row);
    if (problem) return { seq: seal.auditSeq, problem };
    walk.hash = seal.hash;
    walk.position = seal.position;
    noteHighest(walk, seal);
  }
  return null;
}

function problemOf(walk: Walk, seal: Seal, row: AuditLog | undefined): AuditProblem | null {
  if (seal.position !== walk.position + 1) return "seal-missing";
  if (!row) return "deleted";
  if (sealHash(walk.hash, row) !== seal.hash) return "changed";
  return wasInserted(walk, row) ? "inserted" : null;
}

function noteHighest(walk: Walk, seal: Seal): void {
  const last = walk.highest.at(-1);
  const by = seal.sealedAt.getTime();
  if (last && seal.auditSeq <= last.seq) return;
  if (last && minuteOf(last.by) === minuteOf(by)) Object.assign(last, { by, seq: seal.auditSeq });
  else walk.highest.push({ by, seq: seal.auditSeq });
}

const minuteOf = (time: number) => Math.floor(time / 60_000);

/**
 * Rows are sealed in the order of their numbers, so a row that a higher number overtook was not there yet at that
 * moment. If it says it happened long before, somebody wrote it afterwards.
 */
function wasInserted(walk: Walk, row: { seq: bigint; at: Date }): boolean {
  const newest = walk.highest.at(-1);
  if (!newest || newest.seq < row.seq) return false;
  let low = 0;
  let high = walk.highest.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((walk.highest[middle]?.seq ?? 0n) > row.seq) high = middle;
    else low = middle + 1;
  }
  return row.at.getTime() < (walk.highest[low]?.by ?? 0) - toleranceMs;
}

async function findInsertedUnsealed(walk: Walk): Promise<BadRow | null> {
  const newest = walk.highest.at(-1)?.seq ?? 0n;
  const overtaken = await db().$queryRaw<{ seq: bigint; at: Date }[]>`
    SELECT seq, at FROM audit_log AS a
    WHERE seq < ${newest} AND NOT EXISTS (SELECT 1 FROM audit_seal WHERE audit_seq = a.seq) ORDER BY seq`;
  const row = overtaken.find((candidate) => wasInserted(walk, candidate));
  return row ? { seq: row.seq, problem: "inserted" } : null;
}

async function countUnsealed(): Promise<number> {
  const [row] = await db().$queryRaw<{ count: bigint }[]>`
    SELECT count(*) AS count FROM audit_log AS a
    WHERE NOT EXISTS (SELECT 1 FROM audit_seal WHERE audit_seq = a.seq)`;
  return Number(row?.count ?? 0n);
}
