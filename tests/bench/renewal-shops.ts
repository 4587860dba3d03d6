import pg from "pg";
import { digitsOf } from "#tests/bench/renewal-answers.ts";
import { createTestDatabase, type TestDatabaseServer } from "#tests/setup/database.ts";

// Databases with any number of subscriptions. One is synced by Latchkey itself; its rows are the pattern of all others.

/** Rows of one table as JSON text, in which the number of the subscription stands wherever something must be distinct. */
type Pattern = { table: string; columns: string[]; rows: string[]; once: boolean };

export async function makeCatalog(server: TestDatabaseServer, stripePriceId: string): Promise<string> {
  const { url } = await createTestDatabase(server);
  await withClient(url, async (client) => {
    await client.query(`
      INSERT INTO product (id, slug, name, key_prefix) VALUES ('prod_bench', 'bench', 'Bench', 'BENCH');
      INSERT INTO policy (id, product_id, slug, name, term, device_limit)
        VALUES ('pol_bench', 'prod_bench', 'bench', 'Standard', 'subscription', 3)`);
    await client.query(
      `INSERT INTO price (id, policy_id, stripe_price_id, amount, currency, interval, interval_count)
        VALUES ('price_bench', 'pol_bench', $1, 1500, 'usd', 'week', 1)`,
      [stripePriceId],
    );
  });
  return url;
}

const catalogTables = ["product", "policy", "price"];
/** In the order of their references. */
const subscriptionTables = [
  "customer",
  "stripe_customer",
  '"order"',
  "order_line",
  "license",
  "stripe_source",
  "stripe_payment",
  "stripe_event",
  "email",
  "audit_log",
];
/** Numbered by the database. */
const serialColumns = new Set(["seq", "number"]);

type Row = Record<string, unknown>;

/** Reads what one subscription left behind once it was synced and the first sweeps were done. */
export async function takePatterns(databaseUrl: string): Promise<Pattern[]> {
  return withClient(databaseUrl, async (client) => {
    const read = async (table: string): Promise<Row[]> =>
      (await client.query<{ row: Row }>(`SELECT to_jsonb(t) AS row FROM ${table} AS t`)).rows.map(
        ({ row }) => row,
      );
    const patterns: Pattern[] = [];
    const ownIds = new Map<string, string>();
    for (const table of subscriptionTables) {
      const rows = (await read(table)).map((row) => distinct(table, row));
      for (const [index, { id }] of rows.entries())
        if (typeof id === "string" && !id.includes(digitsOf(0)))
          ownIds.set(id, `${id.replace(/_.*/, "")}_${digitsOf(0)}x${index}`);
      patterns.push(patternOf(table, rows, false));
    }
    for (const pattern of patterns) pattern.rows = pattern.rows.map((row) => rename(row, ownIds));
    const missing = patterns.find(({ table, rows }) => rows.length === 0 && table !== "stripe_customer");
    if (missing) throw new Error(`The first subscription left no row in ${missing.table}.`);
    const catalog: Pattern[] = [];
    for (const table of catalogTables) catalog.push(patternOf(table, await read(table), true));
    return [...catalog, ...patterns, patternOf("sweep_cursor", await read("sweep_cursor"), true)];
  });
}

function patternOf(table: string, rows: Row[], once: boolean): Pattern {
  const columns = Object.keys(rows[0] ?? {}).filter((name) => !serialColumns.has(name));
  return { table, columns, rows: rows.map((row) => JSON.stringify(row)), once };
}

/** Puts the number where a value is unique without naming the subscription, and takes mails for sent. */
function distinct(table: string, row: Row): Row {
  const numbered = (value: unknown) => `${String(value).slice(0, 40)}${digitsOf(0)}`;
  if (table === "license")
    return {
      ...row,
      key_hmac: numbered(row.key_hmac),
      key_last_group: digitsOf(0),
      key_group_hmacs: Array.isArray(row.key_group_hmacs) ? row.key_group_hmacs.map(numbered) : [],
    };
  return table === "email" ? { ...row, sent_at: row.created_at } : row;
}

function rename(row: string, ids: Map<string, string>): string {
  let renamed = row;
  for (const [id, to] of ids) renamed = renamed.replaceAll(id, to);
  return renamed;
}

/** A database with that many subscriptions, numbered from 1, with sealed records and fresh statistics. */
export async function openShop(
  server: TestDatabaseServer,
  patterns: readonly Pattern[],
  subscriptions: number,
): Promise<string> {
  const { url } = await createTestDatabase(server);
  await withClient(url, async (client) => {
    for (const { table, columns, rows, once } of patterns)
      for (const row of rows) {
        const names = columns.map((name) => `"${name}"`).join(", ");
        await client.query(
          `INSERT INTO ${table} (${names})
            SELECT ${names} FROM generate_series(1, $2::int) AS number,
              LATERAL jsonb_populate_record(NULL::${table},
                replace(replace($1, $3, overlay($3 placing lpad(number::text, 7, '0') from 6)),
                  lower($3), lower(overlay($3 placing lpad(number::text, 7, '0') from 6)))::jsonb)
            ON CONFLICT DO NOTHING`,
          [row, once ? 1 : subscriptions, digitsOf(0)],
        );
      }
    // Not the hashes of a real chain: nobody follows it here, the sealer only goes on from its end.
    await client.query(`
      INSERT INTO audit_seal (position, audit_seq, hash, sealed_at)
        SELECT row_number() OVER (ORDER BY seq), seq, md5(seq::text) || md5(seq::text), now() FROM audit_log`);
    await client.query("VACUUM ANALYZE");
    const { rows } = await client.query<{ count: number }>("SELECT count(*)::int AS count FROM license");
    if (rows[0]?.count !== subscriptions) throw new Error(`There are ${rows[0]?.count} licenses.`);
  });
  return url;
}

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: "bench" });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
