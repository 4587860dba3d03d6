import { expect, test, vi } from "vitest";
import { loadRecentSettings, recentSettings } from "#app/domain/setting/recent-settings.server.ts";
import { defaultSettings } from "#app/domain/setting/settings.ts";
import { closeDb, db } from "#app/infra/db.server.ts";
import { setRuntimeEnv } from "#app/infra/env.server.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

const env = await useTestRuntime();

const choose = (name: string, value: string | number) =>
  db().setting.upsert({ where: { name }, create: { name, value }, update: { value } });

test("before they are loaded the defaults hold; loading reads what is chosen", async () => {
  await choose("keygenDialect", "off");
  expect(recentSettings()).toEqual(defaultSettings);
  expect(await loadRecentSettings()).toEqual({ ...defaultSettings, keygenDialect: "off" });
  expect(recentSettings().keygenDialect).toBe("off");
});

test("a choice is known about a second later, and an unreadable one leaves the last known", async () => {
  await loadRecentSettings();
  await choose("publicCallsPerKeyPerMinute", 5);
  await vi.waitFor(() => expect(recentSettings().publicCallsPerKeyPerMinute).toBe(5), 20_000);
  await choose("publicCallsPerKeyPerMinute", "many");
  await expect(loadRecentSettings()).rejects.toThrow("publicCallsPerKeyPerMinute");
  await choose("keygenDialect", "on");
  await choose("publicCallsPerKeyPerMinute", 6);
  await vi.waitFor(() => expect(recentSettings().publicCallsPerKeyPerMinute).toBe(6), 20_000);
});

test("while the database is away the last known settings hold; closing it ends the reading", async () => {
  await choose("publicCallsPerKeyPerMinute", 7);
  await loadRecentSettings();
  await closeDb();
  expect(recentSettings()).toEqual(defaultSettings);
  setRuntimeEnv({ ...env, databaseUrl: "postgresql://nobody:nothing@127.0.0.1:1/none" });
  await expect(loadRecentSettings()).rejects.toThrow();
  expect(recentSettings()).toEqual(defaultSettings);
  await closeDb();
  setRuntimeEnv(env);
});
