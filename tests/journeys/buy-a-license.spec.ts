import { buy, expect, keyIn, mailTo, newAddress, signInAsCustomer, signInAsStaff, test } from "./journey.ts";

test("a buyer gets the key on the page, by mail and in the portal; staff change it and everything says so", async ({
  page,
  browser,
  stack,
}) => {
  const email = newAddress();

  await buy(page, { email });
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Thank you");
  const key = keyIn(await page.getByRole("main").innerText());
  const order = /#\d+/.exec(await page.getByRole("main").innerText())?.[0] ?? "";
  expect(order).toMatch(/#\d{4,}/);

  const issued = await mailTo(stack, email, /license/i);
  expect(keyIn(issued.text)).toBe(key);
  expect(issued.html).toContain(key);

  await signInAsCustomer(page, stack, email);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/licenses/i);
  await expect(page.getByText(key)).toHaveCount(0);
  await page.getByRole("button", { name: "Show key" }).click();
  await expect(page.getByText(key)).toBeVisible();
  await page
    .getByRole("link", { name: /Perpetual license|Tidepool|details|open/i })
    .first()
    .click();
  await page.waitForURL(/\/portal\/licenses\//);
  await expect(page.getByRole("main")).toContainText(order);
  await page.getByRole("button", { name: /send/i }).click();
  await expect(page.getByRole("status").filter({ hasText: /sent|mail/i })).toBeVisible();
  expect(keyIn((await mailTo(stack, email, /again/i)).text)).toBe(key);
  const portalUrl = page.url();

  const staffPage = await (await browser.newContext()).newPage();
  await signInAsStaff(staffPage, stack);
  await staffPage.goto(`/admin/licenses?q=${encodeURIComponent(key)}`);
  await staffPage
    .getByRole("main")
    .getByRole("link")
    .filter({ hasText: key.slice(-4) })
    .first()
    .click();
  await staffPage.waitForURL(/\/admin\/licenses\/lic_/);

  const act = async (link: string, button: string, fill: () => Promise<void>, said: RegExp) => {
    await staffPage.getByRole("link", { name: link, exact: true }).click();
    await staffPage.getByRole("dialog").getByLabel("Reason").fill(`Ticket 4711: ${link}`);
    await fill();
    await staffPage.getByRole("dialog").getByRole("button", { name: button }).click();
    await expect(staffPage.getByRole("status").filter({ hasText: said })).toBeVisible();
  };
  const nothing = () => Promise.resolve();
  const portalSays = async (words: RegExp) => {
    await page.goto(portalUrl);
    await expect(page.getByRole("main")).toContainText(words);
  };

  await act("Suspend", "Suspend license", nothing, /suspended/i);
  await portalSays(/suspended/i);
  expect((await mailTo(stack, email, /suspended/i)).text).toMatch(/suspended/i);

  await act("Reinstate", "Reinstate license", nothing, /reinstated/i);
  await portalSays(/unused|active/i);
  expect((await mailTo(stack, email, /works again|reinstated/i)).text).toMatch(/again|reinstated/i);

  await staffPage.getByRole("link", { name: "Send key again", exact: true }).click();
  const corrected = newAddress("corrected");
  await staffPage.getByRole("dialog").getByLabel("Address").fill(corrected);
  const reason = staffPage.getByRole("dialog").getByLabel("Reason");
  if (await reason.count()) await reason.fill("Typed their address wrong");
  await staffPage.getByRole("dialog").getByRole("button", { name: "Send key again" }).click();
  await expect(staffPage.getByRole("status").filter({ hasText: corrected })).toBeVisible();
  expect(keyIn((await mailTo(stack, corrected, /license|key/i)).text)).toBe(key);

  await act(
    "Revoke",
    "Revoke license",
    () =>
      staffPage
        .getByRole("dialog")
        .getByLabel(/to confirm/)
        .fill(key.slice(-4)),
    /revoked/i,
  );
  await portalSays(/revoked/i);
  expect((await mailTo(stack, email, /revoked/i)).text).toMatch(/revoked/i);
  await expect(staffPage.getByRole("link", { name: "Extend", exact: true })).toHaveCount(0);

  const timeline = staffPage.getByRole("main");
  for (const words of [/issued/i, /suspended/i, /reinstated/i, /revoked/i, /Ticket 4711/])
    await expect(timeline).toContainText(words);
  await staffPage.context().close();
});

test("staff extend a dated license after seeing its new end", async ({ page, browser, stack }) => {
  const email = newAddress();
  await buy(page, { email, plan: "One year" });
  const key = keyIn(await page.getByRole("main").innerText());
  const staffPage = await (await browser.newContext()).newPage();
  await signInAsStaff(staffPage, stack, "support");
  await staffPage.goto(`/admin/licenses?q=${encodeURIComponent(key)}`);
  await staffPage
    .getByRole("main")
    .getByRole("link")
    .filter({ hasText: key.slice(-4) })
    .first()
    .click();
  await staffPage.getByRole("link", { name: "Extend", exact: true }).click();
  const dialog = staffPage.getByRole("dialog");
  await dialog.getByRole("radio", { name: "1 year" }).check();
  const year = new Date().getUTCFullYear() + 2;
  await expect(dialog).toContainText(String(year));
  await dialog.getByLabel("Reason").fill("Goodwill after an outage");
  await dialog.getByRole("button", { name: "Extend license" }).click();
  await expect(staffPage.getByRole("status").filter({ hasText: String(year) })).toBeVisible();
  expect((await mailTo(stack, email, /new end date/i)).text).toContain(String(year));
  await signInAsCustomer(page, stack, email);
  await expect(page.getByRole("main")).toContainText(String(year));
  await staffPage.context().close();
});

test("a delayed payment is honest about waiting, and the key comes with the money", async ({
  page,
  stack,
}) => {
  const email = newAddress();
  await buy(page, { email, method: "delayed_success" });
  await expect(page.getByRole("main")).toContainText(/payment/i);
  await expect(page.getByRole("main")).not.toContainText(/Thank you, here/);
  await mailTo(stack, email, /payment/i);
  const sessionId = new URL(page.url()).searchParams.get("session_id") ?? "";
  stack.standIn.settle(sessionId, "succeeded");
  const issued = await mailTo(stack, email, /license/i);
  await page.reload();
  expect(keyIn(await page.getByRole("main").innerText())).toBe(keyIn(issued.text));
});

test("another browser with the same return address sees no key", async ({ page, browser, stack }) => {
  const email = newAddress();
  await buy(page, { email });
  const key = keyIn(await page.getByRole("main").innerText());
  const stranger = await (await browser.newContext()).newPage();
  await stranger.goto(page.url());
  await expect(stranger.getByRole("main")).not.toContainText(key);
  await expect(stranger.getByRole("main")).not.toContainText(email);
  await mailTo(stack, email, /license/i);
  await stranger.context().close();
});

test("with JavaScript off a purchase still ends with the key", async ({ browser, stack }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  const email = newAddress();
  await buy(page, { email });
  const key = keyIn(await page.getByRole("main").innerText());
  expect(keyIn((await mailTo(stack, email, /license/i)).text)).toBe(key);
  await context.close();
});

test("Stripe failing shows a page that tries again, with the same order", async ({ page, stack }) => {
  stack.standIn.faults.next(20, { status: 500, match: /POST \/v1\/checkout\/sessions/ });
  await page.goto("/");
  const plan = page.getByRole("article").filter({ hasText: "Perpetual license" });
  await plan.getByRole("button", { name: /buy/i }).click();
  await expect(page.getByRole("alert")).toContainText(/nothing was charged/i);
  stack.standIn.faults.clear();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.waitForURL(/\/checkout\/cs_test_/);
});
