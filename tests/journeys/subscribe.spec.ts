import type { Page } from "@playwright/test";
import { dayWords } from "#app/domain/license/license-words.ts";
import {
  buy,
  expect,
  keysIn,
  newAddress,
  signInAsCustomer,
  timeTravelTest as test,
} from "#tests/journeys/journey.ts";
import type { Stack } from "#tests/journeys/stack.ts";
import { goOn, goToDayAfter, mailInTime, untilPageSays } from "#tests/journeys/time-travel.ts";

/** When the period that runs now ends, as Stripe says. */
function periodEnd({ standIn }: Stack): Date {
  const seconds = standIn.tables().subscriptions[0]?.items.data[0]?.current_period_end ?? 0;
  return new Date(seconds * 1000);
}

async function setCard(control: Page, stack: Stack, behaviour: string): Promise<void> {
  await control.goto(`${stack.standIn.url}/control`);
  const row = control.locator("#subscriptions tbody tr").first();
  await row.getByRole("combobox").selectOption(behaviour);
  await row.getByRole("button", { name: "Set card" }).click();
  await expect(control.getByRole("status")).toContainText(behaviour);
}

test("a subscription of three seats lives: keys, renewal, grace, recovery, cancellation, end", async ({
  page,
  browser,
  stack,
}) => {
  test.setTimeout(600_000);
  const email = newAddress();
  const main = page.getByRole("main");
  const control = await (await browser.newContext()).newPage();
  const subscriptionSays = async (words: string | RegExp) => untilPageSays(page, licensePage, words);

  await buy(page, { email, plan: "Per seat", quantity: 3 });
  await expect(main).toContainText("These are your 3 license keys");
  const keys = keysIn(await main.innerText());
  expect(keys).toHaveLength(3);
  const first = dayWords(periodEnd(stack));
  await signInAsCustomer(page, stack, email);
  await expect(main).toContainText(`3 seats · Renews ${first} for $36.00 per month`);
  for (const key of keys) await expect(main).toContainText(key.slice(-4));
  await page
    .getByRole("link", { name: /^Details/ })
    .first()
    .click();
  await page.waitForURL(/\/portal\/licenses\//);
  const licensePage = page.url();

  await goOn(control, stack, "1 month");
  await goOn(control, stack, "1 day");
  const second = dayWords(periodEnd(stack));
  expect(second).not.toBe(first);
  await subscriptionSays(`Renews ${second} for $36.00 per month`);
  await expect(main).toContainText("License renewed");

  await setCard(control, stack, "declines");
  await goOn(control, stack, "1 month");
  await subscriptionSays("The payment for your renewal failed");
  await expect(main).toContainText(/Grace/i);
  await expect(main).toContainText(/Your license works until/);
  const failed = await mailInTime(stack, email, /your renewal payment failed/);
  expect(failed.text).toContain("$36.00");
  await page.goto("/portal");
  await expect(main).toContainText("The payment for your renewal failed");

  await page.goto(licensePage);
  await page.getByRole("button", { name: "Update payment method" }).click();
  await page.waitForURL(/\/billing-portal\//);
  await page.getByLabel("New card").selectOption("ok");
  await page.getByRole("button", { name: "Update card" }).click();
  await page.waitForURL(/\/portal\/licenses\//);
  await goOn(control, stack, "1 week");
  const end = periodEnd(stack);
  const third = dayWords(end);
  await subscriptionSays(`Renews ${third} for $36.00 per month`);
  await expect(main).not.toContainText("The payment for your renewal failed");
  expect((await mailInTime(stack, email, /your payment arrived/)).text).toContain("same keys");

  await page.getByRole("button", { name: "Cancel subscription" }).click();
  await page.waitForURL(/\/billing-portal\//);
  await page.getByRole("button", { name: /^Cancel at the end of the period/ }).click();
  await page.waitForURL(/\/portal\/licenses\//);
  await subscriptionSays(`Ends ${third}`);
  await mailInTime(stack, email, /subscription ends on/);

  await goToDayAfter(control, stack, end);
  await subscriptionSays(`Your subscription ended on ${third}`);
  await expect(page.getByRole("button", { name: "Cancel subscription" })).toHaveCount(0);
  expect((await mailInTime(stack, email, /licenses have ended/)).text).toContain("no longer accepted");
  await page.goto("/portal");
  await expect(main).toContainText("No license in use");
  expect(keysIn(await main.innerText())).toEqual([]);
  await control.context().close();
});
