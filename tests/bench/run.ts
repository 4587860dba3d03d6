import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import pg from "pg";
import { benchLicenses } from "#tests/bench/licenses.ts";
import { benchRenewals } from "#tests/bench/renewals.ts";
import { asTable, type BenchRow } from "#tests/bench/report.ts";
import { benchWebhook } from "#tests/bench/webhook.ts";
import { startTestDatabaseServer, type TestDatabaseServer } from "#tests/setup/database.ts";

// `npm run bench [-- NAME…] [-- --quick] [-- --json FILE]`

const benches: Record<string, (server: TestDatabaseServer, mode: "quick" | "full") => Promise<BenchRow[]>> = {
  webhook: benchWebhook,
  renewals: benchRenewals,
  licenses: benchLicenses,
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false }, json: { type: "string" } },
});
const unknown = positionals.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(", ")}. There are: ${Object.keys(benches).join(", ")}.`);
  process.exit(1);
}

const names = positionals.length > 0 ? positionals : Object.keys(benches);
const { server, stop } = await startTestDatabaseServer();
try {
  const settings = await databaseSettings(server);
  console.log(`Node ${process.version}, ${availableParallelism()} cores. ${settings}\n`);
  const rows: BenchRow[] = [];
  for (const name of names)
    rows.push(...((await benches[name]?.(server, values.quick ? "quick" : "full")) ?? []));
  console.log(asTable(rows));
  console.log(
    "\nA ratio above 1 means ours is better. Medians of alternating rounds; a ratio is the median of the rounds' ratios.",
  );
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ settings, rows }, null, 2)}\n`);
} finally {
  await stop();
}

/** What makes the figures comparable with others: nothing here may be switched off for speed. */
async function databaseSettings({ adminUrl }: TestDatabaseServer): Promise<string> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  const { rows } = await client.query<{ name: string; setting: string }>(
    "SELECT name, setting FROM pg_settings WHERE name IN ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method', 'commit_delay') ORDER BY name",
  );
  await client.end();
  return `PostgreSQL: ${rows.map(({ name, setting }) => `${name} ${setting}`).join(", ")}.`;
}
