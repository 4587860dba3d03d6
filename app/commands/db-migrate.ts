import { z } from "zod";
import { DatabaseStartError } from "#app/infra/database-start-error.server.ts";
import { resolveDatabase } from "#app/infra/database-url.server.ts";
import { applyMigrations } from "#app/infra/migrations.server.ts";

const optionalText = z
  .string()
  .trim()
  .optional()
  .transform((value) => value || undefined);
// Only these two: a database can be migrated before the rest of the configuration exists.
const EnvSchema = z.object({
  DATABASE_URL: optionalText.refine(
    (value) => value === undefined || /^postgres(ql)?:\/\//.test(value),
    "DATABASE_URL: a PostgreSQL address, for example postgresql://user:password@host:5432/latchkey",
  ),
  DATA_DIR: optionalText.transform((value) => value ?? "./data"),
});

async function main(): Promise<void> {
  const env = EnvSchema.parse(process.env);
  const database = await resolveDatabase({ databaseUrl: env.DATABASE_URL, dataDir: env.DATA_DIR }, console);
  try {
    const applied = await applyMigrations({ databaseUrl: database.url, log: console });
    console.log(applied.length === 0 ? "The database is up to date." : `Applied: ${applied.join(", ")}.`);
  } finally {
    await database.stop();
  }
}

main().catch((error: unknown) => {
  if (error instanceof z.ZodError) console.error(error.issues.map((issue) => issue.message).join("\n"));
  else console.error(error instanceof DatabaseStartError ? error.message : error);
  process.exitCode = 1;
});
