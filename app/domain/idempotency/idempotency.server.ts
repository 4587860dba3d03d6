import { createHash } from "node:crypto";
import { DomainError } from "#app/domain/domain-error.ts";
import { inTransaction } from "#app/infra/db.server.ts";
import { decrypt, encrypt } from "#app/infra/secrets.server.ts";

/** A request that carries an Idempotency-Key. */
export type IdempotentRequest = {
  /** Who asks, so that two callers never meet in one key: the id of an API key, or what else proves who they are. */
  caller: string;
  /** Method and pattern of the address. */
  route: string;
  /** As the client sent it, 1 to 255 characters. */
  key: string;
  /** What makes the request the same one: everything that the work depends on. */
  identity: unknown;
  now: Date;
};

/** What was answered. */
export type KeptAnswer = { status: number; body: unknown };

/** How long an answer is kept: longer than Stripe delivers a webhook again (three days). */
export const keptDays = 30;

/**
 * Does `work` once for this key. The record commits in the transaction of the work: a crash before leaves nothing, a
 * crash after leaves the answer to replay. Work that failed or was refused leaves no record: it may be mended, or asked for
 * again once what stood in its way is gone.
 * @throws DomainError CONFLICT whose `context.idempotency` is "conflict" (the key came with another request) or
 * "in-progress" (the first request has not ended; `context.retryAfterSeconds`).
 */
export function idempotently(
  request: IdempotentRequest,
  work: () => Promise<KeptAnswer & { refused: boolean }>,
): Promise<KeptAnswer & { replayed: boolean }> {
  const id = sha256([request.caller, request.route, request.key]);
  const requestHash = sha256(sorted(request.identity));
  return inTransaction(async (tx) => {
    const [lock] = await tx.$queryRaw<{ got: boolean }[]>`
      SELECT pg_try_advisory_xact_lock(hashtextextended(${id}, 0)) AS got`;
    const known = await tx.idempotencyRecord.findUnique({ where: { id } });
    // Where there is a record already, whoever holds the lock only replays it, too.
    if (!known && !lock?.got)
      throw new DomainError("CONFLICT", "A request with this Idempotency-Key is still being worked on.", {
        context: { idempotency: "in-progress", retryAfterSeconds: 1 },
      });
    if (known && known.requestHash !== requestHash)
      throw new DomainError(
        "CONFLICT",
        "This Idempotency-Key was used for another request. Use a new key for a new request.",
        { context: { idempotency: "conflict" } },
      );
    if (known)
      return {
        status: known.status,
        body: JSON.parse(decrypt("idempotency-answer", known.answer, id)) as unknown,
        replayed: true,
      };
    const { refused, ...answer } = await work();
    if (!refused)
      await tx.idempotencyRecord.create({
        data: {
          id,
          requestHash,
          status: answer.status,
          answer: encrypt("idempotency-answer", JSON.stringify(answer.body ?? null), id),
          createdAt: request.now,
        },
      });
    return { ...answer, replayed: false };
  });
}

function sha256(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

/** The same whatever order the fields of a JSON object came in. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  // It has no members of its own: without this any two instants would be the same.
  if (value instanceof Date) return value.toISOString();
  if (value === null || typeof value !== "object") return value ?? null;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}
