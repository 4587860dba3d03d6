import { readFileSync } from "node:fs";
import { getEnv } from "#app/infra/env.server.ts";

/**
 * The time that licenses, purchases and mails live by: the machine's, except beside a Stripe stand-in whose clock a
 * person or a test moves (`CLOCK_FILE`, refused without `STRIPE_API_BASE`). Browser sessions and signatures stay on the
 * machine's clock.
 */
export function currentTime(): Date {
  const { clockFile } = getEnv();
  return clockFile ? new Date(Date.now() + secondsAhead(clockFile) * 1000) : new Date();
}

/** Read at every question: a page opened right after the clock moved already lives in the new time. */
function secondsAhead(file: string): number {
  const seconds = Number(readOrZero(file));
  return Number.isFinite(seconds) ? seconds : 0;
}

/** Before the stand-in has moved its clock for the first time there is no file. */
function readOrZero(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "0";
  }
}
