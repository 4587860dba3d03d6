import type { APIResponse, Locator, Page } from "@playwright/test";
import pg from "pg";
import { paths } from "#app/paths.ts";
import {
  buy,
  expect,
  mailTo,
  newAddress,
  signInAsCustomer,
  signInAsStaff,
  test,
} from "#tests/journeys/journey.ts";
import { forgetLimits, useUp } from "#tests/journeys/screens.ts";
import type { Stack } from "#tests/journeys/stack.ts";

async function inDatabase<T>(address: string, work: (database: pg.Client) => Promise<T>): Promise<T> {
  const database = new pg.Client({ connectionString: address });
  await database.connect();
  try {
    return await work(database);
  } finally {
    await database.end();
  }
}

/** A license with an end, bought just now. */
async function aDatedLicense(page: Page, stack: Stack): Promise<{ id: string; email: string }> {
  await inDatabase(stack.databaseUrl, forgetLimits);
  const email = newAddress();
  await buy(page, { email, plan: "One year" });
  const id = await inDatabase(stack.databaseUrl, async (database) => {
    const { rows } = await database.query<{ id: string }>(
      "SELECT l.id FROM license l JOIN customer c ON c.id = l.customer_id WHERE c.email = $1",
      [email],
    );
    return rows[0]?.id ?? "";
  });
  expect(id).not.toBe("");
  return { id, email };
}

/** The field says it is wrong, and its message is what a screen reader adds to its name. */
async function expectProblem(field: Locator, words: RegExp): Promise<void> {
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await expect(field).toHaveAccessibleDescription(words);
}

for (const scripts of ["with", "without"] as const)
  test(`issuing by hand ${scripts} scripts keeps what was typed and says what is wrong with it`, async ({
    browser,
    stack,
  }) => {
    const context = await browser.newContext({ javaScriptEnabled: scripts === "with" });
    const page = await context.newPage();
    await signInAsStaff(page, stack, "admin");
    await page.goto("/admin/licenses/new");
    const [email, name, quantity, reason] = [
      page.getByLabel("Address of the customer"),
      page.getByLabel("Name"),
      page.getByLabel("Quantity"),
      page.getByLabel("Reason"),
    ];
    await email.fill("friend@example");
    await name.fill("Ada <b>Lovelace</b>");
    await quantity.fill("ninety");
    await reason.fill("x");
    await page.getByRole("button", { name: "Issue license" }).click();
    const alert = page.getByRole("alert");
    await expect(alert).toContainText("Please check what you entered");
    if (scripts === "with") await expect(alert).toBeFocused();
    await expectProblem(email, /email address/i);
    await expectProblem(quantity, /1 to 20/);
    await expectProblem(reason, /3 to 500 characters/);
    await expect(name).not.toHaveAttribute("aria-invalid");
    await expect(email).toHaveValue("friend@example");
    await expect(name).toHaveValue("Ada <b>Lovelace</b>");
    await expect(quantity).toHaveValue("ninety");
    await expect(reason).toHaveValue("x");
    await alert.getByRole("link", { name: /1 to 20/ }).click();
    await expect(quantity).toBeFocused();

    const address = newAddress("gift");
    await email.fill(address);
    await quantity.fill("2");
    await reason.fill("A gift to a friend");
    await page.getByRole("button", { name: "Issue license" }).click();
    await expect(page.getByRole("status").filter({ hasText: /2 licenses|issued/i })).toBeVisible();
    await mailTo(stack, address, /license/i);
    await context.close();
  });

test("a dialog that is refused stays open with everything that was typed", async ({
  page,
  stack,
  browser,
}) => {
  const buyer = await (await browser.newContext()).newPage();
  const { id } = await aDatedLicense(buyer, stack);
  await buyer.context().close();
  await signInAsStaff(page, stack);
  await page.goto(paths.admin.license(id, { do: "revoke" }));
  const dialog = page.getByRole("dialog");
  const confirmation = dialog.getByLabel(/to confirm/);
  await dialog.getByLabel("Reason").fill("Charged back");
  await dialog.getByRole("checkbox").uncheck();
  await dialog.getByLabel(/Message to the customer/).fill("Please write to us.");
  await confirmation.fill("0000");
  await dialog.getByRole("button", { name: "Revoke license" }).click();
  await expect(dialog.getByRole("alert")).toBeFocused();
  await expectProblem(confirmation, /\S/);
  await expect(dialog.getByLabel("Reason")).toHaveValue("Charged back");
  await expect(dialog.getByRole("checkbox")).not.toBeChecked();
  await expect(dialog.getByLabel(/Message to the customer/)).toHaveValue("Please write to us.");
  await expect(confirmation).toHaveValue("0000");
  await page.goto(paths.admin.license(id));
  await expect(page.getByRole("link", { name: "Revoke", exact: true })).toBeVisible();
});

test("the same extension sent twice, by a double click and once more later, extends once", async ({
  page,
  browser,
  stack,
}) => {
  const buyer = await (await browser.newContext()).newPage();
  const { id, email } = await aDatedLicense(buyer, stack);
  await buyer.context().close();
  await signInAsStaff(page, stack);
  await page.goto(paths.admin.license(id, { do: "extend" }));
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("Goodwill");
  let sent = "";
  page.on("request", (request) => {
    if (request.method() === "POST") sent = request.postData() ?? sent;
  });
  await dialog.getByRole("button", { name: "Extend license" }).dblclick();
  await expect(page.getByRole("status").filter({ hasText: /extended/i })).toBeVisible();
  expect(sent).toContain("submission=");
  const form = Object.fromEntries(new URLSearchParams(sent));
  const again = () =>
    page.request.post(paths.admin.license(id), { form, headers: { origin: stack.appUrl }, maxRedirects: 0 });
  for (const answer of await Promise.all([again(), again()])) expect(answer.status()).toBe(303);
  await mailTo(stack, email, /new end date/i);
  await inDatabase(stack.databaseUrl, async (database) => {
    const count = async (query: string) => Number((await database.query(query, [id])).rows[0]?.count);
    expect(
      await count("SELECT count(*) FROM audit_log WHERE event = 'license.extended' AND license_id = $1"),
    ).toBe(1);
    expect(await count("SELECT count(*) FROM email WHERE kind = 'license-changed' AND license_id = $1")).toBe(
      1,
    );
    expect(await count("SELECT version AS count FROM license WHERE id = $1")).toBe(2);
  });
});

test("a quantity nobody sells comes back with the plan, and the next try is bought", async ({
  page,
  stack,
}) => {
  await inDatabase(stack.databaseUrl, forgetLimits);
  await page.goto("/");
  const plan = page.getByRole("article").filter({ hasText: "Perpetual license" });
  const quantity = plan.getByRole("spinbutton");
  // As a browser that does not check numbers sends it.
  await quantity.evaluate((field) => field.closest("form")?.setAttribute("novalidate", ""));
  await quantity.fill("5000");
  await plan.getByRole("button", { name: /buy/i }).click();
  await expectProblem(page.getByLabel("Quantity"), /\d/);
  await expect(page.getByLabel("Quantity")).toHaveValue("5000");
  await page.getByLabel("Quantity").fill("2");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.waitForURL(/\/checkout\/cs_test_/);
});

/** The page says which error it is, names the request in the log, and leads back. */
async function expectErrorPage(
  page: Page,
  answer: Pick<APIResponse, "status" | "headers"> | null,
  status: number,
) {
  expect(answer?.status()).toBe(status);
  await expect(page.getByText(`Error ${status}`)).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
  await expect(page.locator("code")).toHaveText(answer?.headers()["x-request-id"] ?? "no id");
  await expect(page.getByRole("main")).not.toContainText(/prisma|postgres|stack|at .*\.ts/i);
}

const wayBack = (page: Page) => page.getByRole("main").getByRole("link", { name: /^Go to/ });

test("what is not there is 404 with a way back, in the shop, the portal and the admin area", async ({
  page,
  browser,
  stack,
}) => {
  await expectErrorPage(page, await page.goto("/nowhere/at/all"), 404);
  await wayBack(page).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/Buy a license/);

  await signInAsCustomer(page, stack, newAddress());
  await expectErrorPage(page, await page.goto("/portal/licenses/lic_none"), 404);
  await wayBack(page).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("My licenses");

  const staff = await (await browser.newContext()).newPage();
  await signInAsStaff(staff, stack);
  for (const part of ["licenses", "customers", "orders", "webhooks", "emails"])
    await expectErrorPage(staff, await staff.goto(`/admin/${part}/none`), 404);
  await wayBack(staff).click();
  await expect(staff.getByRole("heading", { level: 1 })).toHaveText("Overview");
  await staff.context().close();
});

test("what a role may not do is 403 with a way back", async ({ page, stack }) => {
  await signInAsStaff(page, stack, "viewer");
  await expectErrorPage(page, await page.goto("/admin/licenses/new"), 403);
  await expect(page.getByRole("main")).toContainText("Your role (viewer) may not do this");
  await wayBack(page).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");
});

test("too many checkouts are 429 with the time to wait and a way back", async ({ page, stack }) => {
  await inDatabase(stack.databaseUrl, (database) => useUp(database, "checkout-by-client:127.0.0.1"));
  await page.goto("/");
  const answered = page.waitForResponse((answer) => answer.url().endsWith("/checkout"));
  await page.getByRole("button", { name: /buy/i }).first().click();
  const answer = await answered;
  await page.waitForURL(/\/checkout$/);
  await expectErrorPage(page, answer, 429);
  expect(Number(answer.headers()["retry-after"])).toBeGreaterThan(0);
  await expect(page.getByRole("main")).toContainText(/Try again in \d+ (minutes|seconds)/);
  await wayBack(page).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/Buy a license/);
  await inDatabase(stack.databaseUrl, forgetLimits);
});

test("a failure of ours is 500 with the request id and nothing of its cause", async ({ page, stack }) => {
  await signInAsStaff(page, stack);
  await inDatabase(stack.databaseUrl, async (database) => {
    await database.query("ALTER TABLE alert RENAME TO alert_elsewhere");
    try {
      await expectErrorPage(page, await page.goto("/admin"), 500);
      // Reached by a link, the id is the one of the request for the data.
      await page.goto("/admin/orders");
      const failed = page.waitForResponse((answer) =>
        answer.url().includes("_data=routes%2Fadmin%2Foverview"),
      );
      await page.getByRole("navigation", { name: "Admin" }).getByRole("link", { name: "Overview" }).click();
      await expectErrorPage(page, await failed, 500);
    } finally {
      await database.query("ALTER TABLE alert_elsewhere RENAME TO alert");
    }
  });
  await wayBack(page).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");
});

test("while the database is away pages say so, and work again once it is back", async ({ page, stack }) => {
  const { pathname } = new URL(stack.databaseUrl);
  const elsewhere = Object.assign(new URL(stack.databaseUrl), { pathname: "/postgres" }).href;
  await inDatabase(elsewhere, async (database) => {
    const name = pathname.slice(1);
    await database.query(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`);
    try {
      await database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [
        name,
      ]);
      const answer = await page.goto("/");
      expect([500, 503]).toContain(answer?.status());
      await expectErrorPage(page, answer, answer?.status() ?? 0);
      expect((await page.request.get("/health/ready")).status()).toBe(503);
      expect((await page.request.get("/health/live")).status()).toBe(200);
    } finally {
      await database.query(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS true`);
    }
  });
  await expect
    .poll(async () => (await page.request.get("/health/ready")).status(), { timeout: 20_000 })
    .toBe(200);
  await wayBack(page).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/Buy a license/);
});
