import type { Page } from "@playwright/test";
import { expect, signInAsStaff, test } from "#tests/journeys/journey.ts";

const keyPattern = /lk_[0-9a-hjkmnp-tv-z]{47}/;

for (const scripts of ["with", "without"] as const)
  test(`an owner creates, rotates and revokes an API key ${scripts} scripts`, async ({ browser, stack }) => {
    const context = await browser.newContext({ javaScriptEnabled: scripts === "with" });
    const page = await context.newPage();
    await signInAsStaff(page, stack);
    const main = page.getByRole("main");
    const dialog = page.getByRole("dialog");
    const name = `Back end ${scripts} scripts`;
    const row = (state: string) => page.getByRole("row").filter({ hasText: name }).filter({ hasText: state });

    await page.getByRole("link", { name: "API keys" }).first().click();
    await main.getByRole("link", { name: "Create API key" }).first().click();
    await dialog.getByLabel("Name").fill(name);
    await dialog.getByLabel("Read products and policies").check();
    await dialog.getByLabel("Last day").fill("2020-01-01");
    await dialog.getByRole("button", { name: "Create API key" }).click();
    await expect(dialog.getByRole("alert")).toContainText("still to come");
    await expect(dialog.getByLabel("Read products and policies")).toBeChecked();
    await dialog.getByLabel("Last day").fill("2999-12-31");
    await dialog.getByRole("button", { name: "Create API key" }).click();
    const key = await shownKey(page);
    expect(page.url()).not.toContain(key);
    await main.getByRole("link", { name: "I have stored it" }).click();
    await expect(row("Active")).toContainText(`lk_…${key.slice(-4)}`);
    expect(await page.content()).not.toContain(key);

    await row("Active")
      .getByRole("link", { name: `Rotate ${name}` })
      .click();
    await dialog.getByRole("button", { name: "Rotate API key" }).click();
    const fresh = await shownKey(page);
    expect(fresh).not.toBe(key);
    await main.getByRole("link", { name: "I have stored it" }).click();
    await expect(row("Being replaced")).toContainText(`lk_…${key.slice(-4)}`);

    await row("Active")
      .getByRole("link", { name: `Revoke ${name}` })
      .click();
    await dialog.getByRole("button", { name: "Revoke API key" }).click();
    await expect(main).toContainText(`API key ${name} revoked.`);
    await expect(row("Revoked")).toContainText(`lk_…${fresh.slice(-4)}`);
    await context.close();
  });

test("a reload of the page that shows a key makes no second one and shows none", async ({
  browser,
  stack,
}) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await signInAsStaff(page, stack, "owner");
  await page.goto("/admin/api-keys?do=create");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Reloaded");
  await dialog.getByLabel("Read products and policies").check();
  await dialog.getByRole("button", { name: "Create API key" }).click();
  const key = await shownKey(page);
  await page.reload();
  await expect(page.getByRole("main")).toContainText("The API key Reloaded was already created.");
  expect(await page.content()).not.toContain(key);
  await expect(page.getByRole("row").filter({ hasText: "Reloaded" })).toHaveCount(1);
  await context.close();
});

async function shownKey(page: Page): Promise<string> {
  const main = page.getByRole("main");
  await expect(main).toContainText("Store this key now");
  const key = keyPattern.exec(await main.innerText())?.[0];
  if (!key) throw new Error("The page shows no API key.");
  return key;
}
