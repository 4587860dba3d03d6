import {
  type SettingName,
  settingNames,
  settingValueWords,
  settingWords,
} from "#app/domain/setting/setting-words.ts";
import { readSettings } from "#app/domain/setting/settings.server.ts";
import { defaultSettings } from "#app/domain/setting/settings.ts";
import { db } from "#app/infra/db.server.ts";

export type ShownSetting = {
  name: SettingName;
  meaning: string;
  /** As it is typed: "suspend", "48", "null". */
  value: string;
  /** What the value does. */
  words: string;
  isDefault: boolean;
  defaultValue: string;
};

/** All settings as they count now. */
export async function listSettings(): Promise<ShownSetting[]> {
  const settings = await readSettings(db());
  return settingNames.map((name) => ({
    name,
    meaning: settingWords(name).meaning,
    value: String(settings[name]),
    words: settingValueWords(name, settings[name]),
    isDefault: settings[name] === defaultSettings[name],
    defaultValue: String(defaultSettings[name]),
  }));
}
