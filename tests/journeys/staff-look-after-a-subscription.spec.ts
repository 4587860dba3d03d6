import { buy, expect, newAddress, signInAsCustomer, signInAsStaff, test } from "#tests/journeys/journey.ts";
import { mailInTime, untilPageSays } from "#tests/journeys/time-travel.ts";

test("staff see a subscription, its refund suspends it and a refund that fails is told and takes it back", async ({
  page,
  browser,
  stack,
}) => {
  test.setTimeout(400_000);
  const email = newAddress();
  await buy(page, { email, plan: "Per seat", quantity: 2 });
  await expect(page.getByRole("main")).toContainText("These are your 2 license keys");
  await signInAsCustomer(page, stack, email);
  await page
    .getByRole("link", { name: /^Details/ })
    .first()
    .click();
  await page.waitForURL(/\/portal\/licenses\//);
  const portalPage = page.url();

  const staff = await (await browser.newContext()).newPage();
  await signInAsStaff(staff, stack, "admin");
  await staff.goto("/admin/subscriptions");
  const row = staff.getByRole("row").filter({ hasText: email });
  await expect(row).toContainText("2 × Signalbox: Per seat");
  await expect(row).toContainText("Active");
  await row.getByRole("link", { name: /^#/ }).click();
  await staff.waitForURL(/\/admin\/orders\//);
  const orderPage = staff.url();
  const main = staff.getByRole("main");
  await expect(main.getByRole("table", { name: /invoices/i })).toContainText("$24.00");
  await expect(main).toContainText(/Renews \d+ /);
  await staff.getByRole("button", { name: "Sync with Stripe again" }).last().click();
  await expect(staff.getByRole("status").filter({ hasText: /stripe|sync/i })).toBeVisible();

  const control = await (await browser.newContext()).newPage();
  await control.goto(`${stack.standIn.url}/control`);
  await control
    .locator("#charges tbody tr")
    .filter({ hasText: email })
    .getByRole("button", { name: /^Refund: / })
    .click();
  await expect(control.getByRole("status")).toContainText("is succeeded");
  await untilPageSays(staff, orderPage, /Refund: \$24\.00/);
  await expect(main).toContainText("Suspended");
  await main.getByRole("table", { name: "Licenses of this order" }).getByRole("link").first().click();
  await staff.waitForURL(/\/admin\/licenses\/lic_/);
  const licensePage = staff.url();
  await expect(main).toContainText("On hold because of");
  await expect(main).toContainText("It ends by itself if the refund fails or is canceled in Stripe.");
  await untilPageSays(page, portalPage, "The payment for it was refunded.");
  await mailInTime(stack, email, /Your refund of \$24\.00/);

  await control
    .locator("#refunds tbody tr")
    .first()
    .getByRole("button", { name: /^Fails: / })
    .click();
  await expect(control.getByRole("status")).toContainText("failed");
  await untilPageSays(staff, "/admin/alerts", /Refund re_\w+ of order #\d+ failed/);
  const alert = staff.getByRole("listitem").filter({ hasText: "Refund failed" });
  await alert.getByRole("link", { name: "Order" }).click();
  await staff.waitForURL(orderPage);
  await untilPageSays(staff, licensePage, /Unused|Active/);
  await expect(main).not.toContainText("On hold because of");
  await mailInTime(stack, email, /works? again/);
  await staff.goto("/admin/alerts");
  await alert.getByRole("button", { name: /^Resolve/ }).click();
  await expect(alert).toHaveCount(0);
  await control.context().close();
  await staff.context().close();
});
