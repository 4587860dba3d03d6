import { expect, keyIn, newAddress, signInAsCustomer, test } from "#tests/journeys/journey.ts";

test("with JavaScript off a yearly trial is chosen, started and managed", async ({ browser, stack }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto("/");
  await page.getByRole("link", { name: "Yearly" }).click();
  const plan = page.getByRole("article").filter({ has: page.getByRole("heading", { name: "Per seat" }) });
  await expect(plan).toContainText("per seat per year");
  await plan.getByLabel("Seats").fill("2");
  await plan.getByRole("button", { name: /^Start 14-day trial/ }).click();
  await page.waitForURL(/\/checkout\/cs_test_/);
  const email = newAddress();
  await page.getByLabel("Email").fill(email);
  await page.locator("button[value=pay]").click();
  await page.waitForURL(/\/checkout\/return/);
  const main = page.getByRole("main");
  await expect(main).toContainText("Your trial has started");
  await expect(main).toContainText("These are your 2 license keys");
  const key = keyIn(await main.innerText());
  await signInAsCustomer(page, stack, email);
  await expect(main).toContainText(/2 seats · Free trial until .* then \$240\.00 per year/);
  await page
    .getByRole("link", { name: /^Details/ })
    .first()
    .click();
  await expect(main).toContainText(key.slice(-4));
  await page.getByRole("button", { name: "Cancel subscription" }).click();
  await page.waitForURL(/\/billing-portal\//);
  await page
    .getByRole("button", { name: /cancel/i })
    .first()
    .click();
  await page.waitForURL(/\/portal\/licenses\//);
  await expect(main).toContainText(/Your subscription ends on/);
  await expect(page.getByRole("button", { name: "Keep it" })).toBeVisible();
  await page.goto("/?billing=year");
  await expect(plan).toContainText("You are subscribed to this plan.");
  await context.close();
});
