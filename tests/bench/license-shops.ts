import { randomBytes } from "node:crypto";
import pg from "pg";
import { randomKey, storedKey } from "#app/domain/license/license-key.server.ts";
import { parseEnv, setRuntimeEnv } from "#app/infra/env.server.ts";
import { masterKeyId } from "#app/infra/secrets.server.ts";
import { masterKey } from "#tests/bench/server-process.ts";
import { createTestDatabase, type TestDatabaseServer } from "#tests/setup/database.ts";

/** A database with so many licenses; `keys` are those of some of them, spread over all. */
export type LicenseShop = { databaseUrl: string; keys: string[] };

const askedFor = 2_000;
const perStatement = 20_000;

/**
 * A perpetual license for each, any number of devices. Only those that are asked about have keys that somebody knows;
 * the others have look-ups as random as theirs, so that the index is the same.
 */
export async function makeLicenseShop(server: TestDatabaseServer, licenses: number): Promise<LicenseShop> {
  const { url: databaseUrl } = await createTestDatabase(server);
  setRuntimeEnv({
    ...parseEnv({ LOG_LEVEL: "warn" }),
    databaseUrl,
    masterKey: Buffer.from(masterKey, "base64"),
  });
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(`
      INSERT INTO product (id, slug, name, key_prefix) VALUES ('prod_bench', 'bench', 'Bench', 'BENCH');
      INSERT INTO policy (id, product_id, slug, name, term) VALUES ('pol_bench', 'prod_bench', 'bench-pro', 'Pro', 'perpetual');
      INSERT INTO customer (id, email) VALUES ('cust_bench', 'bench@example.com');
      INSERT INTO setting (name, value) SELECT name, '10000000'::jsonb FROM unnest(ARRAY[
        'publicCallsPerAddressPerMinute', 'publicCallsPerKeyPerMinute', 'failedLookupsPerAddressPerMinute']) AS name`);
    const salt = randomBytes(8).toString("hex");
    for (let from = 0; from < licenses; from += perStatement)
      await client.query(fill, [from, Math.min(licenses, from + perStatement) - 1, salt, masterKeyId()]);
    const keys = await giveKeys(client, licenses);
    await client.query("VACUUM ANALYZE");
    return { databaseUrl, keys };
  } finally {
    await client.end();
  }
}

const idOf = "'lic_' || lpad(number::text, 26, '0')";
const fill = `
  INSERT INTO license (id, product_id, policy_id, customer_id, key_hmac, key_ciphertext, key_encryption_key_id, key_prefix,
    key_last_group, key_group_hmacs, term, grace_days, issued_at)
  SELECT ${idOf}, 'prod_bench', 'pol_bench', 'cust_bench', encode(sha256(($3 || number)::bytea), 'hex'), '\\x00', $4,
    'BENCH', 'XXXX', '{}', 'perpetual', 7, now()
  FROM generate_series($1::int, $2::int) AS number`;

async function giveKeys(client: pg.Client, licenses: number): Promise<string[]> {
  const count = Math.min(askedFor, licenses);
  const step = Math.floor(licenses / count);
  const known = Array.from({ length: count }, (_, index) => {
    const id = `lic_${String(index * step).padStart(26, "0")}`;
    const key = randomKey("BENCH");
    return { id, key, ...storedKey(id, "BENCH", key) };
  });
  await client.query(
    `UPDATE license SET key_hmac = k.hmac, key_ciphertext = k.ciphertext
     FROM unnest($1::text[], $2::text[], $3::bytea[]) AS k (id, hmac, ciphertext) WHERE license.id = k.id`,
    [
      known.map(({ id }) => id),
      known.map(({ keyHmac }) => keyHmac),
      known.map(({ keyCiphertext }) => keyCiphertext),
    ],
  );
  return known.map(({ key }) => key);
}
