import { expect, test } from "vitest";
import { schemaDrift } from "#app/infra/migrations.server.ts";
import { createTestDatabase } from "#tests/setup/database.ts";

test("the migrations make exactly what the Prisma schema describes", async () => {
  const database = await createTestDatabase();
  expect(await schemaDrift({ databaseUrl: database.url })).toBe("");
  await database.drop();
});
