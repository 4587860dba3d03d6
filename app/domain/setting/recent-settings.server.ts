import { readSettings } from "#app/domain/setting/settings.server.ts";
import { defaultSettings, type Settings } from "#app/domain/setting/settings.ts";
import { beforeDbCloses, db } from "#app/infra/db.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import { singleton } from "#app/infra/singleton.server.ts";

const refreshMs = 900;
const complainMs = 60_000;

type Recent = {
  settings: Settings;
  timer: NodeJS.Timeout | null;
  isReading: boolean;
  complainedAtMs: number;
  /** How often a choice of this process was noted, so that a reading begun before it does not undo it. */
  noted: number;
};

const recent = () =>
  singleton<Recent>("recent-settings", () => ({
    settings: defaultSettings,
    timer: null,
    isReading: false,
    complainedAtMs: Number.NEGATIVE_INFINITY,
    noted: 0,
  }));

/**
 * The vendor's choices as they were about a second ago at most, without a query: for calls that cannot wait. While the
 * database is away the last known ones hold; before the first `loadRecentSettings` those are the defaults.
 */
export function recentSettings(): Settings {
  return recent().settings;
}

/**
 * Reads the settings and from then on keeps `recentSettings` fresh until the database is closed. Safe to repeat.
 * @throws when the settings cannot be read now, or a row holds what its setting does not allow.
 */
export async function loadRecentSettings(): Promise<Settings> {
  const state = recent();
  state.settings = await readSettings(db());
  if (!state.timer) {
    state.timer = setInterval(() => void refresh(state), refreshMs).unref();
    beforeDbCloses("recent-settings", () => stop(state));
  }
  return state.settings;
}

/** Has a choice that this process has just committed known at once, where settings are kept fresh at all. */
export function noteSettings(chosen: Partial<Settings>): void {
  const state = recent();
  if (!state.timer) return;
  state.settings = { ...state.settings, ...chosen };
  state.noted++;
}

async function refresh(state: Recent): Promise<void> {
  if (state.isReading) return;
  state.isReading = true;
  const { noted } = state;
  try {
    const settings = await readSettings(db());
    if (state.timer && state.noted === noted) state.settings = settings;
  } catch (error) {
    if (Date.now() - state.complainedAtMs < complainMs) return;
    state.complainedAtMs = Date.now();
    logger().warn({ err: error }, "the settings could not be read; the last known ones hold");
  } finally {
    state.isReading = false;
  }
}

/** What another database holds is not known: a process that opens one begins with the defaults. */
function stop(state: Recent): void {
  if (state.timer) clearInterval(state.timer);
  state.timer = null;
  state.settings = defaultSettings;
}
