import { applyMigrations } from "#app/infra/migrations.server.ts";

/** Applies the migrations of a folder to a database and says when it begins; tests kill it in between. */
const [databaseUrl = "", migrationsDir = ""] = process.argv.slice(2);
const silent = () => undefined;
process.stdout.write("begin\n");
applyMigrations({ databaseUrl, migrationsDir, log: { info: silent, warn: silent } }).catch(
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
