import type { Page } from "@playwright/test";
import { buy, expect, keyIn, newAddress, signInAsCustomer, test } from "#tests/journeys/journey.ts";
import type { Stack } from "#tests/journeys/stack.ts";

/** Buys a year and goes to the page of its license. @returns its key. */
async function buyYear(page: Page, stack: Stack): Promise<string> {
  const email = newAddress();
  await buy(page, { email, plan: "One year" });
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Thank you");
  const key = keyIn(await page.getByRole("main").innerText());
  await signInAsCustomer(page, stack, email);
  await page.getByRole("link", { name: /^Details/ }).click();
  await page.waitForURL(/\/portal\/licenses\//);
  return key;
}

async function payTheRenewal(page: Page): Promise<void> {
  await page.waitForURL(/\/checkout\/cs_test_/);
  await page.getByRole("button", { name: /^pay/i }).click();
  await page.waitForURL(/\/checkout\/return/);
}

const yearAfterNext = String(new Date().getUTCFullYear() + 2);

test("a dated license is renewed from its page: same key, later end, said everywhere", async ({
  page,
  stack,
}) => {
  const key = await buyYear(page, stack);
  const licensePage = page.url();
  await page.getByRole("link", { name: "Renew license" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("heading")).toContainText(`${yearAfterNext}?`);
  await expect(dialog).toContainText("$29.00");
  await dialog.getByRole("button", { name: "Renew for $29.00" }).click();
  await payTheRenewal(page);
  await expect(page.getByRole("heading", { level: 1 })).toContainText(`Renewed until`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText(yearAfterNext);
  expect(keyIn(await page.getByRole("main").innerText())).toBe(key);
  await page.goto(licensePage);
  await expect(page.getByRole("main")).toContainText(yearAfterNext);
  await expect(page.getByRole("main")).toContainText("License renewed");
  await page.goto("/portal");
  await expect(page.getByRole("link", { name: /^Details/ })).toHaveCount(1);
});

test("with JavaScript off the renewal of a mail's link leads to the payment page and back", async ({
  browser,
  stack,
}) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await buyYear(page, stack);
  await page.goto(`${page.url()}?renew`);
  await page.getByRole("button", { name: /^Renew for/ }).click();
  await payTheRenewal(page);
  await expect(page.getByRole("heading", { level: 1 })).toContainText(`Renewed until`);
  await context.close();
});

test("invoices are on Stripe's pages, which lead back to the license", async ({ page, stack }) => {
  await buyYear(page, stack);
  const licensePage = page.url();
  await page.getByRole("button", { name: "Invoices and receipts" }).click();
  await page.waitForURL(/\/billing-portal\//);
  const secret = page.url();
  await page.getByRole("link", { name: "Return to the shop" }).click();
  await page.waitForURL(licensePage);
  await expect(page.getByRole("status").filter({ hasText: /billing pages/ })).toBeVisible();
  expect(await page.content()).not.toContain(secret.split("/").at(-1));
});
