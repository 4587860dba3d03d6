import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Clock } from "./clock.ts";

/**
 * Keeps in a file how many seconds the clock is ahead of the machine's, as one decimal number: whoever reads it lives in
 * the stand-in's time. Written whole or not at all, at every move.
 */
export function writeMovesTo(clock: Clock, path: string): Clock {
  const write = () => {
    const aheadSeconds = (clock.now() - clock.wireNow()) / 1000;
    writeFileSync(`${path}.tmp`, aheadSeconds.toFixed(3));
    renameSync(`${path}.tmp`, path);
  };
  return {
    ...clock,
    moveTo: (atMs) => {
      clock.moveTo(atMs);
      write();
    },
  };
}

/** What an earlier run left there, in milliseconds; null when there is no such file. Throws when it holds something else. */
export function readOffsetMs(path: string): number | null {
  const text = readOrNull(path);
  if (text === null) return null;
  const seconds = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(seconds)) {
    throw new Error(`${path} does not hold a number of seconds; delete it to start at the machine's time.`);
  }
  return seconds * 1000;
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
