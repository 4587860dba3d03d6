import { mkdirSync, statSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright";
import { buy, signInAsCustomer, signInAsStaff } from "#tests/journeys/journey.ts";
import { type Stack, startStack } from "#tests/journeys/stack.ts";
import { goOn, untilPageSays } from "#tests/journeys/time-travel.ts";
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
  { email: "ops@millrace.example", plan: "Per seat", quantity: 12 },
  { email: "j.duarte@example.com", plan: "One year", quantity: 1 },
  { email: "hello@fjordandco.example", plan: "Whole floor", quantity: 1 },
  { email: "photo@elmstreet.example", plan: "Perpetual license", quantity: 2 },
];

async function shoot(page: Page, name: string): Promise<void> {
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: `${folder}/${name}.jpg`, type: "jpeg", quality: 68 });
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

/** A subscription whose second renewal was refused, so that its page says what that means and what helps. */
async function letRenewalFail(page: Page, stack: Stack, email: string): Promise<void> {
  await goOn(page, stack, "1 month");
  await goOn(page, stack, "1 day");
  const subscription = page.locator("#subscriptions tbody tr").filter({ hasText: email });
  await subscription.getByRole("combobox").selectOption("declines");
  await subscription.getByRole("button", { name: "Set card" }).click();
  await page.getByRole("status").filter({ hasText: "declines" }).waitFor();
  await goOn(page, stack, "1 month");
  await goOn(page, stack, "1 day");
}

async function takeAll(browser: Browser, stack: Stack): Promise<void> {
  const view = {
    baseURL: stack.appUrl,
    viewport: { width: 1180, height: 820 },
    locale: "en-US",
    timezoneId: "UTC",
  };
  const visitor = async () => (await browser.newContext(view)).newPage();
  const buyer = await visitor();
  await buyer.goto("/");
  // The product that is sold in every way.
  await buyer
    .getByRole("heading", { name: "Signalbox" })
    .evaluate((heading) => window.scrollTo(0, heading.getBoundingClientRect().top - 24));
  await shoot(buyer, "shop");
  for (const customer of customers.slice(1)) {
    const page = await visitor();
    await buy(page, customer);
    await page.getByRole("heading", { name: "Thank you" }).waitFor();
    await page.context().close();
  }
  const [mara] = customers;
  if (!mara) throw new Error("There are no customers to photograph.");
  await buy(buyer, mara);
  await buyer.getByRole("heading", { name: "Thank you" }).waitFor();
  await shoot(buyer, "return-page");
  await buy(buyer, { plan: "Per seat", email: mara.email, quantity: 2 });
  await buyer.getByRole("heading", { name: "Thank you" }).waitFor();
  await signInAsCustomer(buyer, stack, mara.email);
  await shoot(buyer, "portal");
  await letRenewalFail(await visitor(), stack, mara.email);
  await buyer
    .getByRole("main")
    .getByRole("link", { name: /^Details of key/ })
    .first()
    .click();
  await buyer.waitForURL(/\/portal\/licenses\//);
  await untilPageSays(buyer, buyer.url(), "The payment for your renewal failed");
  await shoot(buyer, "license");

  const staff = await visitor();
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
  await staff.goto(`/admin/subscriptions?q=${encodeURIComponent(mara.email)}`);
  await staff.getByRole("table").getByRole("link", { name: /^#/ }).click();
  await staff.waitForURL(/\/admin\/orders\//);
  await shoot(staff, "admin-subscription");
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
const names = ["shop", "return-page", "portal", "license", "admin-licenses", "admin-subscription"];
const total = names.reduce((sum, name) => sum + statSync(`${folder}/${name}.jpg`).size, 0);
console.log(
  `${names.length} screenshots, ${Math.round(total / 1000)} kB together (at most ${budgetBytes / 1000} kB)`,
);
if (total > budgetBytes) process.exit(1);
