import { readFileSync } from "node:fs";
import { getEnv } from "#app/infra/env.server.ts";
import { singleton } from "#app/infra/singleton.server.ts";

/** How long a reading of the file is used; a person who moves the clock does not notice. */
const freshMs = 200;

/**
 * The time that licenses, purchases and mails live by: the machine's, except beside a Stripe stand-in whose clock a
 * person or a test moves (`CLOCK_FILE`, refused without `STRIPE_API_BASE`). Browser sessions and signatures stay on the
 * machine's clock.
 */
export function currentTime(): Date {
  const { clockFile } = getEnv();
  return clockFile ? new Date(Date.now() + secondsAhead(clockFile) * 1000) : new Date();
}

function secondsAhead(file: string): number {
  const reading = singleton(`clock:${file}`, () => ({ at: Number.NEGATIVE_INFINITY, seconds: 0 }));
  const at = performance.now();
  if (at - reading.at < freshMs) return reading.seconds;
  reading.at = at;
  reading.seconds = Number(readOrZero(file));
  if (!Number.isFinite(reading.seconds)) reading.seconds = 0;
  return reading.seconds;
}

/** Before the stand-in has moved its clock for the first time there is no file. */
function readOrZero(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "0";
  }
}
