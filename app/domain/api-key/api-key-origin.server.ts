import { pool } from "#app/infra/db.server.ts";

/**
 * The first of the keys that this one replaced, one after the other; itself where it replaced none. What is kept for a
 * program is kept under it, because the program stays the same one when its key is rotated.
 */
export async function originOfApiKey(id: string): Promise<string> {
  const { rows } = await pool().query<{ id: string }>({
    name: "api-key-origin",
    text: `WITH RECURSIVE line AS (
             SELECT id, rotated_from_id, 0 AS step FROM api_key WHERE id = $1
             UNION ALL SELECT k.id, k.rotated_from_id, step + 1 FROM line JOIN api_key k ON k.id = line.rotated_from_id)
           SELECT id FROM line ORDER BY step DESC LIMIT 1`,
    values: [id],
  });
  return rows[0]?.id ?? id;
}
