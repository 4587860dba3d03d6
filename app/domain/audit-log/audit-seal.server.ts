import type { AuditLog } from "#app/infra/prisma-client/client.ts";
import { sha256Hex } from "#app/infra/secrets.server.ts";

/** What the first seal of a chain is chained to. */
export const chainBeginning = "0".repeat(64);

/**
 * SHA-256 in hex of the hash before and the row. Columns that are empty are left out, so that a column added
 * later does not break the seals of the rows before it.
 */
export function sealHash(previousHash: string, row: AuditLog): string {
  const { seq, at, ...columns } = row;
  const filled = Object.entries(columns).filter(([, value]) => value !== null);
  const sealed = { ...Object.fromEntries(filled), seq: seq.toString(), at: at.toISOString() };
  return sha256Hex(`${previousHash}\n${canonicalJson(sealed)}`);
}

/** JSON with the fields of every object in alphabetical order, so that equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`).join(",")}}`;
}
