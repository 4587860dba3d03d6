import { expect, test } from "vitest";
import { settingNames } from "#app/domain/setting/setting-words.ts";
import { readSettings } from "#app/domain/setting/settings.server.ts";
import { defaultSettings } from "#app/domain/setting/settings.ts";
import { db } from "#app/infra/db.server.ts";
import { runCommandFile } from "#tests/setup/run-command-file.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

const env = await useTestRuntime();

/** `npm run settings -- …` */
const settings = (...args: string[]) => runCommandFile(env, "app/commands/settings.ts", args);

const changes = () =>
  db().auditLog.findMany({ where: { event: "setting.changed" }, orderBy: { seq: "asc" } });

test("all settings are listed with value, default and meaning", async () => {
  const { code, stdout } = await settings();
  expect(code).toBe(0);
  for (const name of settingNames) expect(stdout).toContain(`${name} = ${defaultSettings[name]} (default)`);
  expect(stdout).toContain("What a full refund does to the licenses it paid for: suspends them.");
});

test("a setting is chosen and reset, each recorded once, and choosing it again writes nothing", async () => {
  const chosen = await settings("set", "onFullRefund", "revoke");
  expect(chosen).toMatchObject({ code: 0, stderr: "" });
  expect(chosen.stdout).toContain("onFullRefund = revoke (default: suspend)");
  await settings("set", "onFullRefund", "revoke");
  await settings("set", "disputeLostRevokeAfterDays", "30");
  expect(await readSettings(db())).toEqual({
    ...defaultSettings,
    onFullRefund: "revoke",
    disputeLostRevokeAfterDays: 30,
  });
  await settings("set", "disputeLostRevokeAfterDays", "null");
  expect((await settings("reset", "onFullRefund")).stdout).toContain("onFullRefund = suspend (default)");
  expect(await readSettings(db())).toEqual(defaultSettings);
  expect((await changes()).map(({ targetId, before, after }) => [targetId, before, after])).toEqual([
    ["onFullRefund", { onFullRefund: "suspend" }, { onFullRefund: "revoke" }],
    ["disputeLostRevokeAfterDays", { disputeLostRevokeAfterDays: null }, { disputeLostRevokeAfterDays: 30 }],
    ["disputeLostRevokeAfterDays", { disputeLostRevokeAfterDays: 30 }, { disputeLostRevokeAfterDays: null }],
    ["onFullRefund", { onFullRefund: "revoke" }, { onFullRefund: "suspend" }],
  ]);
}, 60_000);

test("what cannot be is refused with what could be, and changes nothing", async () => {
  const before = await changes();
  const wrong: [string[], string][] = [
    [["set", "onFullRefund", "forgive"], "revoke: revokes them for good"],
    [["set", "renewalSlackHours", "-1"], "a number of hours, from 0 to 720"],
    [["set", "renewalSlackHours", "soon"], "a number of hours"],
    [["set", "onFullRefund", "null"], "suspend: suspends them"],
    [["set", "graceDays", "7"], "There is no setting graceDays"],
    [["set", "onFullRefund"], "revoke: revokes them for good"],
    [["change"], "Usage:"],
    [["reset", "onFullRefund", "suspend"], "Usage:"],
  ];
  for (const [args, remedy] of wrong) {
    const { code, stderr } = await settings(...args);
    expect([args, code]).toEqual([args, 1]);
    expect(stderr).toContain(remedy);
  }
  expect(await changes()).toHaveLength(before.length);
  expect(await readSettings(db())).toEqual(defaultSettings);
}, 60_000);
