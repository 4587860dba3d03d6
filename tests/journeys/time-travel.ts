import type { Locator, Page } from "@playwright/test";
import { expect } from "#tests/journeys/journey.ts";
import type { Stack } from "#tests/journeys/stack.ts";
import type { ReceivedMail } from "#tests/mailbox/mailbox.ts";

/** How long the shop may take to notice, on a busy machine: the ends of licenses are looked for once a minute. */
const patienceMs = 150_000;

/** Presses a button of the control page's clock and waits until the time has passed. */
export async function goOn(page: Page, stack: Stack, by: "1 day" | "1 week" | "1 month" | "1 year") {
  await page.goto(`${stack.standIn.url}/control`);
  const clock = page.locator("#clock time").first();
  const before = await clock.innerText();
  await page.getByRole("button", { name: `${by} on`, exact: true }).click({ noWaitAfter: true });
  await expect(clock).not.toHaveText(before, { timeout: patienceMs });
}

/** The same to a day after `at`, to the minute. */
export async function goToDayAfter(page: Page, stack: Stack, at: Date): Promise<void> {
  await page.goto(`${stack.standIn.url}/control`);
  const clock = page.locator("#clock time").first();
  const before = await clock.innerText();
  await page.getByLabel("On to (UTC)").fill(new Date(at.getTime() + 86_400_000).toISOString().slice(0, 16));
  await page.getByRole("button", { name: "Go there" }).click({ noWaitAfter: true });
  await expect(clock).not.toHaveText(before, { timeout: patienceMs });
}

/** Opens the page again until it says so. @returns its content. */
export async function untilPageSays(page: Page, address: string, words: string | RegExp): Promise<Locator> {
  const main = page.getByRole("main");
  await expect(async () => {
    await page.goto(address);
    await expect(main).toContainText(words, { timeout: 2_000 });
  }).toPass({ timeout: patienceMs });
  return main;
}

/** The first mail with such a subject, which may take its time. */
export function mailInTime(stack: Stack, address: string, subject: RegExp): Promise<ReceivedMail> {
  return stack.mailbox.waitFor(
    (mail) => mail.recipients.includes(address) && subject.test(mail.subject),
    patienceMs,
  );
}
