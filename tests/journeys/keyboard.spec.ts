import type { Locator, Page } from "@playwright/test";
import { buy, expect, keyIn, mailTo, newAddress, test } from "#tests/journeys/journey.ts";

test("a purchase from pricing to the copied key, by keyboard alone", async ({ page, stack }) => {
  const email = newAddress("keyboard");
  await page.goto("/");
  await page.keyboard.press("Tab");
  await expect(page.locator(":focus")).toHaveText(/skip/i);
  await expectFocusShown(page);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();

  const plan = page.getByRole("article").filter({ hasText: "Perpetual license" });
  await tabTo(page, plan.getByRole("spinbutton"));
  await page.keyboard.type("2");
  await tabTo(page, plan.getByRole("button", { name: /buy/i }));
  await page.keyboard.press("Enter");

  await page.waitForURL(/\/checkout\/cs_test_/);
  await tabTo(page, page.getByLabel("Email"));
  await page.keyboard.type(email);
  await tabTo(page, page.getByRole("button", { name: /^pay/i }));
  await page.keyboard.press("Enter");

  await page.waitForURL(/\/checkout\/return/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Thank you");
  await tabTo(page, page.getByRole("main").getByRole("button", { name: /copy/i }).first());
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toContainText(/copied|selected/i);
  await tabTo(page, page.getByRole("main").getByRole("link", { name: "Go to my licenses" }));
  await mailTo(stack, email, /license/i);
});

test("staff sign in, find a license, change their mind, then suspend it, by keyboard alone", async ({
  page,
  browser,
  stack,
}) => {
  const buyer = await (await browser.newContext()).newPage();
  await buy(buyer, { email: newAddress("keyboard") });
  const key = keyIn(await buyer.getByRole("main").innerText());
  await buyer.context().close();

  const { email, password } = stack.staff.support;
  await page.goto("/admin");
  await tabTo(page, page.getByLabel("Email"));
  await page.keyboard.type(email);
  await page.keyboard.press("Tab");
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/admin$/);

  await tabTo(page, page.getByRole("navigation", { name: "Admin" }).getByRole("link", { name: "Licenses" }));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/admin\/licenses/);
  await tabTo(page, page.getByRole("searchbox"));
  await page.keyboard.type(key);
  await page.keyboard.press("Enter");
  await page.waitForURL(/q=/);
  await tabTo(
    page,
    page
      .getByRole("main")
      .getByRole("link")
      .filter({ hasText: key.slice(-4) })
      .first(),
  );
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/admin\/licenses\/lic_/);

  const suspend = page.getByRole("link", { name: "Suspend", exact: true });
  const dialog = page.getByRole("dialog");
  await tabTo(page, suspend);
  await page.keyboard.press("Enter");
  await expect(dialog.getByLabel("Reason")).toBeFocused();
  await page.keyboard.type("Half a reason");
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await expect(suspend).toBeFocused();

  await page.keyboard.press("Enter");
  await expect(dialog.getByLabel("Reason")).toBeFocused();
  await expectFocusShown(page);
  for (let step = 0; step < 12; step++) {
    await page.keyboard.press("Tab");
    // The browser's own bar is a stop on the way round; the page behind the dialog is none.
    const where = await page.evaluate(
      () => document.activeElement?.closest("dialog")?.tagName ?? document.activeElement?.tagName,
    );
    expect(["DIALOG", "BODY"]).toContain(where);
  }
  await tabTo(page, dialog.getByLabel("Reason"));
  await page.keyboard.type("Ticket 4711");
  await tabTo(page, dialog.getByRole("button", { name: "Suspend license" }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status").filter({ hasText: /suspended/i })).toBeVisible();
  await expect(dialog).toHaveCount(0);
  // What opened the dialog is gone with the act; the keyboard goes on in the page's content, not at its top.
  await expect(page.getByRole("main")).toBeFocused();
});

/** Presses Tab until `target` has the focus; every stop on the way has to show that it has it. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let step = 0; step < 80; step++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
    await expectFocusShown(page);
  }
  throw new Error(`Tab never reached ${target}.`);
}

/** A ring of two pixels at least, on what has the focus or on what frames it. */
async function expectFocusShown(page: Page): Promise<void> {
  const shown = await page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const { width, height } = element.getBoundingClientRect();
    return {
      what: element.outerHTML.slice(0, 120),
      ring: outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2,
      visible: width > 1 && height > 1,
    };
  });
  if (shown) expect(shown).toEqual({ ...shown, ring: true, visible: true });
}
