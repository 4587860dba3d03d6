import { mkdirSync, statSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright";
import { signInAsCustomer, signInAsStaff } from "#tests/journeys/journey.ts";
import { type Stack, startStack } from "#tests/journeys/stack.ts";
import { chromiumArguments, findOrInstallChromium } from "#tests/setup/chromium.ts";

// `npm run screenshots`: the pictures of the README, made from the demo catalog and a few invented customers.

const folder = "docs/screenshots";
/** All of them together, so that the README stays quick to load. */
const budgetBytes = 400_000;

const customers = [
  { email: "mara.lindqvist@example.com", plan: "Perpetual license", quantity: 1 },
  { email: "studio@northlight.example", plan: "One year", quantity: 3 },
  { email: "t.okafor@example.com", plan: "Perpetual license", quantity: 1 },
  { email: "it@harbourworks.example", plan: "Team license", quantity: 2 },
  { email: "j.duarte@example.com", plan: "One year", quantity: 1 },
  { email: "photo@elmstreet.example", plan: "Perpetual license", quantity: 2 },
];

async function buy(page: Page, { email, plan, quantity }: (typeof customers)[number]): Promise<void> {
  await page.goto("/");
  const card = page.getByRole("article").filter({ hasText: plan });
  await card.getByRole("spinbutton").fill(String(quantity));
  await card.getByRole("button", { name: /buy/i }).click();
  await page.waitForURL(/\/checkout\/cs_test_/);
  await page.getByLabel("Email").fill(email);
  await page.getByRole("button", { name: /^pay/i }).click();
  await page.waitForURL(/\/checkout\/return/);
  await page.getByRole("heading", { name: "Thank you" }).waitFor();
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: `${folder}/${name}.jpg`, type: "jpeg", quality: 72 });
}

async function act(page: Page, link: string, button: string): Promise<void> {
  await page.getByRole("link", { name: link, exact: true }).click();
  await page.getByRole("dialog").getByLabel("Reason").fill("Asked by mail, ticket 4711");
  await page.getByRole("dialog").getByRole("button", { name: button }).click();
  await page
    .getByRole("status")
    .filter({ hasText: /license/i })
    .waitFor();
}

async function takeAll(browser: Browser, stack: Stack): Promise<void> {
  const view = {
    baseURL: stack.appUrl,
    viewport: { width: 1180, height: 820 },
    locale: "en-US",
    timezoneId: "UTC",
  };
  const buyer = await (await browser.newContext(view)).newPage();
  await buyer.goto("/");
  await shoot(buyer, "shop");
  for (const customer of customers.slice(1)) {
    const page = await (await browser.newContext(view)).newPage();
    await buy(page, customer);
    await page.context().close();
  }
  const [mara, second] = customers;
  if (!mara || !second) throw new Error("There are no customers to photograph.");
  await buy(buyer, mara);
  await shoot(buyer, "return-page");
  await buy(buyer, { ...second, email: mara.email, quantity: 1 });
  await signInAsCustomer(buyer, stack, mara.email);
  await shoot(buyer, "portal");
  await buyer.getByRole("main").getByRole("link").first().click();
  await buyer.waitForURL(/\/portal\/licenses\//);
  await shoot(buyer, "license");

  const staff = await (await browser.newContext(view)).newPage();
  await signInAsStaff(staff, stack);
  await staff.goto(`/admin/licenses?q=${encodeURIComponent("t.okafor")}`);
  await staff
    .getByRole("table")
    .getByRole("link", { name: /[A-Z]+-/ })
    .first()
    .click();
  await act(staff, "Suspend", "Suspend license");
  await staff.goto("/admin/licenses");
  await shoot(staff, "admin-licenses");
  await staff.goto(`/admin/licenses?q=${encodeURIComponent("northlight")}`);
  await staff
    .getByRole("table")
    .getByRole("link", { name: /[A-Z]+-/ })
    .first()
    .click();
  await act(staff, "Extend", "Extend license");
  await staff.goto(staff.url().split("?")[0] ?? staff.url());
  await shoot(staff, "admin-license");
}

mkdirSync(folder, { recursive: true });
const stack = await startStack();
const browser = await chromium.launch({ executablePath: findOrInstallChromium(), args: chromiumArguments });
try {
  await takeAll(browser, stack);
} finally {
  await browser.close();
  await stack.stop();
}
const names = ["shop", "return-page", "portal", "license", "admin-licenses", "admin-license"];
const total = names.reduce((sum, name) => sum + statSync(`${folder}/${name}.jpg`).size, 0);
console.log(
  `${names.length} screenshots, ${Math.round(total / 1000)} kB together (at most ${budgetBytes / 1000} kB)`,
);
if (total > budgetBytes) process.exit(1);
