import { createHmac, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import pg from "pg";
import { deriveLookup } from "#tests/bench/peers/license-lookup.ts";

// The least Node can do: parse, one prepared look-up, a small answer; for a device a transaction of three statements.
const lookup = deriveLookup();
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 20 });

type Asked = { key: string; fingerprint?: string; name?: string };
type License = { id: string; revoked_at: Date | null; paid_until: Date | null; device_limit: number | null };

const find = {
  name: "find",
  text: "SELECT id, revoked_at, paid_until, device_limit FROM license WHERE key_hmac = $1",
};
const isGood = (license: License | undefined): license is License =>
  license !== undefined &&
  license.revoked_at === null &&
  (license.paid_until === null || license.paid_until > new Date());

async function validate({ key }: Asked): Promise<object> {
  const { rows } = await pool.query<License>({ ...find, values: [lookup(key)] });
  return { valid: isGood(rows[0]), status: "active" };
}

async function activate({ key, fingerprint = "", name }: Asked): Promise<object> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const { rows } = await client.query<License>({
      name: "lock",
      text: `${find.text} FOR UPDATE`,
      values: [lookup(key)],
    });
    const [license] = rows;
    let valid = false;
    if (isGood(license)) {
      const hash = createHmac("sha256", "fingerprints").update(fingerprint).digest("hex");
      const { rowCount } = await client.query({
        name: "take",
        text: `INSERT INTO activation (id, license_id, fingerprint_hmac, fingerprint_ciphertext, name, first_seen_at, last_seen_at)
               SELECT $1, $2, $3, $4, $5, now(), now()
               WHERE $6::int IS NULL OR (SELECT count(*) FROM activation WHERE license_id = $2 AND released_at IS NULL) < $6::int`,
        values: [
          `act_${randomUUID()}`,
          license.id,
          hash,
          Buffer.from(fingerprint),
          name,
          license.device_limit,
        ],
      });
      valid = rowCount === 1;
    }
    await client.query("COMMIT");
    return { valid };
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}

function receive(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const asked = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Asked; // the bench sends nothing else
    (request.url === "/activate" ? activate(asked) : validate(asked)).then(
      (answer) => {
        const text = JSON.stringify(answer);
        response.writeHead(200, {
          "Content-Type": "application/json",
          "Content-Length": Buffer.byteLength(text),
        });
        response.end(text);
      },
      () => response.writeHead(500).end(),
    );
  });
}

createServer(receive).listen(Number(process.env.PORT), "127.0.0.1");
