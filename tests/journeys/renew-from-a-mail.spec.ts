import { buy, expect, keyIn, mailTo, newAddress, timeTravelTest as test } from "#tests/journeys/journey.ts";
import { goToDayAfter, mailInTime } from "#tests/journeys/time-travel.ts";

const dayMs = 86_400_000;

test("the reminder of a dated license leads, after signing in, to its renewal: same key, later end", async ({
  page,
  browser,
  stack,
}) => {
  test.setTimeout(400_000);
  const email = newAddress();
  await buy(page, { email, plan: "One year" });
  const key = keyIn(await page.getByRole("main").innerText());
  const control = await (await browser.newContext()).newPage();
  const end = new Date(stack.standIn.clock.now().getTime() + 365 * dayMs);
  await goToDayAfter(control, stack, new Date(end.getTime() - 21 * dayMs));
  await control.context().close();

  const reminder = await mailInTime(stack, email, /license ends on/);
  const link = /https?:\/\/\S+\?renew\S*/.exec(reminder.text)?.[0] ?? "";
  expect(link).toContain("/portal/licenses/");
  const later = await (await browser.newContext()).newPage();
  const main = later.getByRole("main");
  await later.goto(link);
  await later.getByLabel("Email").fill(email);
  await later.getByRole("button", { name: "Send me a code" }).click();
  const { text } = await mailTo(stack, email, /\bcode\b/i);
  await later
    .getByLabel("Code")
    .fill(/\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b/.exec(text)?.[0] ?? "");
  await later.getByRole("button", { name: "Sign in", exact: true }).click();
  await later.getByRole("dialog").getByRole("button", { name: "Renew for $29.00" }).click();
  await later.waitForURL(/\/checkout\/cs_test_/);
  await later.locator("button[value=pay]").click();
  await later.waitForURL(/\/checkout\/return/);
  await expect(later.getByRole("heading", { level: 1 })).toContainText(
    `Renewed until ${new Date(end.getTime() + 365 * dayMs).getUTCDate()}`,
  );
  expect(keyIn(await main.innerText())).toBe(key);
  await mailInTime(stack, email, /license is renewed/);
  await later.context().close();
});
