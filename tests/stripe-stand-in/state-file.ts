import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { z } from "zod";
import type { StandIn } from "./context.ts";
import type { TablesAsJson } from "./store.ts";

const FORMAT = 1;
const WRITE_DELAY_MS = 250;

const savedState = z.object({
  format: z.literal(FORMAT),
  clockOffsetMs: z.number(),
  tables: z.record(z.string(), z.array(z.looseObject({ id: z.string() }))),
});

export type StateFile = { flush(): void };

/** Loads the state when the file is there, and from then on writes every change to it: a moment later, whole or not at all. */
export function keepStateIn(standIn: StandIn, path: string): StateFile {
  if (existsSync(path)) load(standIn, path);
  let waiting: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(waiting);
    waiting = undefined;
    const { clock, store } = standIn;
    const state = { format: FORMAT, clockOffsetMs: clock.now() - clock.wireNow(), tables: store.toJson() };
    writeFileSync(`${path}.tmp`, JSON.stringify(state), { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  };
  standIn.store.onChange(() => {
    waiting ??= setTimeout(flush, WRITE_DELAY_MS);
  });
  return { flush };
}

function load(standIn: StandIn, path: string): void {
  const parsed = savedState.safeParse(readJson(path));
  if (!parsed.success) {
    throw new Error(
      `${path} is not a state file of this version of the Stripe stand-in; delete it to start afresh.`,
    );
  }
  const { tables, clockOffsetMs } = parsed.data;
  const present = standIn.store.toJson();
  // Tables a file of the same format lacks are empty; what is in the others was written by toJson.
  standIn.store.load({ ...present, ...tables } as TablesAsJson);
  standIn.clock.moveTo(standIn.clock.wireNow() + clockOffsetMs);
  standIn.timers.rearm();
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}
