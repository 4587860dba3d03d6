import { defineConfig } from "prisma/config";

// Generating the client needs no engine, but the CLI would fetch one; any executable keeps it from looking.
// Migrations are run by app/infra/migrations.server.ts, never by this CLI.
if (process.argv.includes("generate")) process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;

export default defineConfig({ schema: "prisma/schema.prisma", migrations: { path: "prisma/migrations" } });
