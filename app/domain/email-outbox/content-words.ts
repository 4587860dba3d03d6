import type { LicenseInEmail, RecurringPrice } from "#app/domain/email-outbox/email-content.ts";
import { formatMoney } from "#app/domain/money.ts";
import { intervalWords } from "#app/domain/product/plan-words.ts";

const dateFormat = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "long",
  year: "numeric",
  timeZone: "UTC",
});

const timeFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });

/** `21 November 2026`, in UTC. */
export function emailDate(at: Date): string {
  return dateFormat.format(at);
}

/** `21 November 2026, 12:00 UTC`: for an end so near that the hour matters. */
export function emailInstant(at: Date): string {
  return `${dateFormat.format(at)}, ${timeFormat.format(at)} UTC`;
}

/** The end in words. A subscription is paid until a date and goes on after it; a dated license ends. */
export function licenseEnd(
  license: Pick<LicenseInEmail, "term" | "validUntil" | "standing" | "isTrial">,
): string {
  if (!license.validUntil) return "Never ends";
  const date = emailDate(license.validUntil);
  if (license.standing === "ended") return `Ended on ${date} (UTC)`;
  if (license.isTrial) return `Free trial until ${date} (UTC)`;
  return license.term === "subscription" ? `Paid until ${date} (UTC)` : `Ends on ${date} (UTC)`;
}

export function deviceLimitWords(deviceLimit: number | null): string {
  if (deviceLimit === null) return "Any number of devices";
  return deviceLimit === 1 ? "1 device" : `Up to ${deviceLimit} devices`;
}

/** `Lumen`, `Lumen and Atlas`, `Lumen, Atlas and Orbit`: each name once. */
export function listOfNames(names: readonly string[]): string {
  const once = [...new Set(names)];
  const last = once.pop() ?? "";
  return once.length === 0 ? last : `${once.join(", ")} and ${last}`;
}

/** `$45.00 per month (before taxes and discounts)`. */
export function priceWords(price: RecurringPrice): string {
  return `${formatMoney(price.amount, price.currency)} ${intervalWords(price)} (before taxes and discounts)`;
}

/** `license` or `licenses`, with the verb that fits. */
export function countWords(count: number, one: string, several: string): string {
  return count === 1 ? one : several;
}

/** `today`, `tomorrow`, `in 7 days`. */
export function daysLeftWords(daysLeft: number): string {
  if (daysLeft <= 0) return "today";
  return daysLeft === 1 ? "tomorrow" : `in ${daysLeft} days`;
}
