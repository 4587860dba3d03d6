import { deriveSigningKey, type Ed25519Key } from "#app/domain/signing-key/ed25519.server.ts";
import { type PublicKey, requireSigningKeyState } from "#app/domain/signing-key/signing-key.ts";
import { currentTime } from "#app/infra/clock.server.ts";
import { db, inTransaction, type Tx } from "#app/infra/db.server.ts";
import { dropSingleton, singleton } from "#app/infra/singleton.server.ts";

/** A rotation in another process counts here after this long at the latest. */
const cacheMs = 1_000;

/**
 * The key that signs now; the first is made on first use. Asked for within a transaction it uses that transaction's
 * connection, so that many of them cannot wait for each other.
 * @throws Error when MASTER_KEY is not the one this database's keys come from.
 */
export async function signingKey(): Promise<Ed25519Key> {
  const cache = signingKeyCache();
  if (cache.key && performance.now() - cache.readAt < cacheMs) return cache.key;
  const readAt = performance.now();
  const key = await inTransaction(readActiveKey);
  Object.assign(cache, { key, readAt });
  return key;
}

/** Makes this process read the active key at the next question. */
export function forgetSigningKey(): void {
  dropSingleton(cacheName);
}

const cacheName = "signing-key";

function signingKeyCache(): { key: Ed25519Key | null; readAt: number } {
  return singleton(cacheName, () => ({ key: null, readAt: 0 }));
}

async function readActiveKey(tx: Tx): Promise<Ed25519Key> {
  const active = await tx.signingKey.findFirst({ where: { state: "active" } });
  if (active) return requireDerived(active);
  const key = deriveSigningKey(1);
  const { keyId, publicKey } = key;
  // Two processes that start together derive the same key, and one of the two rows.
  await tx.signingKey.createMany({
    data: [{ generation: 1, keyId, publicKey, state: "active", createdAt: currentTime() }],
    skipDuplicates: true,
  });
  return requireDerived(await tx.signingKey.findFirstOrThrow({ where: { state: "active" } }));
}

/**
 * The key of this row.
 * @throws Error when this master key gives another one: files would be signed that no app accepts.
 */
export function requireDerived(row: { generation: number; keyId: string; publicKey: string }): Ed25519Key {
  const key = deriveSigningKey(row.generation);
  if (key.publicKey === row.publicKey) return key;
  throw new Error(
    `MASTER_KEY is not the one that signing key ${row.keyId} (generation ${row.generation}) comes from: start Latchkey with the master key this database was made with.`,
  );
}

export type ListedSigningKey = PublicKey & { generation: number; retiredAt: Date | null };

/**
 * All keys there ever were, newest first. Reading writes nothing: before the first signature the first key is told as it
 * will be.
 */
export async function listSigningKeys(): Promise<ListedSigningKey[]> {
  const rows = await db().signingKey.findMany({ orderBy: { generation: "desc" } });
  const keys = rows.map((row) => ({ ...row, state: requireSigningKeyState(row.state) }));
  if (keys.some(({ state }) => state === "active")) return keys;
  const { keyId, publicKey } = deriveSigningKey(1);
  const createdAt = currentTime();
  return [...keys, { generation: 1, keyId, publicKey, state: "active", createdAt, retiredAt: null }];
}

/** The key that signs after the next rotation, so that an app can know it before. */
export async function nextSigningKey(): Promise<
  Pick<ListedSigningKey, "generation" | "keyId" | "publicKey">
> {
  const [newest] = await listSigningKeys();
  const generation = (newest?.generation ?? 0) + 1;
  const { keyId, publicKey } = deriveSigningKey(generation);
  return { generation, keyId, publicKey };
}

/** The keys an app may trust, newest first: every one but the retired. */
export async function publicKeys(): Promise<PublicKey[]> {
  const keys = await listSigningKeys();
  return keys
    .filter(({ state }) => state !== "retired")
    .map(({ keyId, publicKey, state, createdAt }) => ({ keyId, publicKey, state, createdAt }));
}
