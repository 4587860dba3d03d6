import { expect, test } from "vitest";
import {
  isSettingName,
  settingNames,
  settingValueWords,
  settingWords,
} from "#app/domain/setting/setting-words.ts";
import { settingSchemas } from "#app/domain/setting/settings.server.ts";
import { defaultSettings } from "#app/domain/setting/settings.ts";

test("every setting and every choice it allows has words", () => {
  expect([...settingNames].sort()).toEqual(Object.keys(settingSchemas).sort());
  for (const name of settingNames) {
    const schema = settingSchemas[name];
    if ("options" in schema)
      expect(Object.keys(settingWords(name).choices).sort(), name).toEqual([...schema.options].sort());
  }
});

test("a value says what it does", () => {
  expect(settingValueWords("renewalSlackHours", 48)).toBe("48 hours");
  expect(settingValueWords("disputeLostRevokeAfterDays", null)).toBe("never; they stay suspended");
  expect(settingValueWords("disputeLostRevokeAfterDays", 30)).toBe("30 days after it was opened");
  expect(settingValueWords("publicCallsPerKeyPerMinute", 30)).toBe("30 calls per minute");
  expect(settingValueWords("publicCallsPerKeyPerMinute", 0)).toBe("as often as they like");
  for (const name of settingNames)
    expect(settingValueWords(name, defaultSettings[name]), name).not.toBe(String(defaultSettings[name]));
});

test("only settings that exist are settings", () => {
  expect(isSettingName("onCancel")).toBe(true);
  expect(isSettingName("toString")).toBe(false);
  expect(isSettingName("graceDays")).toBe(false);
});
