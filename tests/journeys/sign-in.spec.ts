import type { APIRequestContext, APIResponse, Browser, Page } from "@playwright/test";
import pg from "pg";
import { expect, mailTo, newAddress, signInAsCustomer, test } from "#tests/journeys/journey.ts";
import { forgetLimits, useUp } from "#tests/journeys/screens.ts";
import type { Stack } from "#tests/journeys/stack.ts";
import { median, rankTest, type Samplers, takeSamples } from "#tests/setup/rank-test.ts";

const codePattern = /\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b/;

/** Asks for a code as a person does. @returns the code and the link of the mail. */
async function askForCode(page: Page, stack: Stack, email: string): Promise<{ code: string; link: string }> {
  await page.goto("/sign-in");
  await page.getByLabel("Email").fill(email);
  await page.getByRole("button", { name: "Send me a code" }).click();
  await page.getByLabel("Code").waitFor();
  const { text } = await mailTo(stack, email, /code/i);
  const code = codePattern.exec(text)?.[0] ?? "";
  const link = /https?:\/\/\S+\/sign-in\?code=\S+/.exec(text)?.[0] ?? "";
  expect(code).not.toBe("");
  expect(link).not.toBe("");
  return { code, link };
}

const enter = async (page: Page, code: string) => {
  await page.getByLabel("Code").fill(code);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
};

async function inDatabase<T>(stack: Stack, work: (database: pg.Client) => Promise<T>): Promise<T> {
  const database = new pg.Client({ connectionString: stack.databaseUrl });
  await database.connect();
  try {
    return await work(database);
  } finally {
    await database.end();
  }
}

const another = async (browser: Browser) => (await browser.newContext()).newPage();

test("the code from the mail, typed in the small letters of a tired person, signs in", async ({
  page,
  stack,
}) => {
  await inDatabase(stack, forgetLimits);
  const { code } = await askForCode(page, stack, newAddress());
  await enter(page, ` ${code.toLowerCase().replace("-", " ")} `);
  await page.waitForURL(/\/portal$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("My licenses");
});

test("the link from the mail fills the code in and presses nothing", async ({ page, stack }) => {
  const { code, link } = await askForCode(page, stack, newAddress());
  await page.goto(link);
  await expect(page.getByLabel("Code")).toHaveValue(code);
  await page.goto("/portal");
  await expect(page).toHaveURL(/\/sign-in\?redirectTo=/);
  await page.goto(link);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(/\/portal$/);
});

test("a mail scanner that opens the link and presses every button opens nothing and spoils nothing", async ({
  page,
  browser,
  stack,
}) => {
  const { code, link } = await askForCode(page, stack, newAddress());
  const scanner = await another(browser);
  for (let visit = 0; visit < 3; visit++) {
    await scanner.goto(link);
    await expect(scanner.getByRole("main")).not.toContainText(code);
    await expect(scanner.getByLabel("Code")).toHaveCount(0);
    for (const button of await scanner.getByRole("main").getByRole("button").all()) await button.click();
  }
  await scanner.goto("/portal");
  await expect(scanner).toHaveURL(/\/sign-in/);
  await scanner.context().close();
  await enter(page, code);
  await page.waitForURL(/\/portal$/);
});

test("five wrong codes close the code; the right one comes too late and says what to do", async ({
  page,
  stack,
}) => {
  const { code } = await askForCode(page, stack, newAddress());
  const wrong = code.startsWith("AAAA") ? "BBBB-BBBB" : "AAAA-AAAA";
  for (const words of [/4 tries/, /3 tries/, /2 tries/, /One try/, /last try/]) {
    await enter(page, wrong);
    await expect(page.getByRole("alert")).toContainText(words);
  }
  await expect(page.getByLabel("Code")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Send another code" })).toBeVisible();
  const late = await page.request.post("/sign-in?step=code", { form: { code }, headers: sameOrigin(stack) });
  expect(late.status()).toBe(422);
  expect(await late.text()).toContain("tried 5 times");
});

test("a used code and an old one open nothing, and say so", async ({ page, stack, context }) => {
  const { code } = await askForCode(page, stack, newAddress());
  const flow = (await context.cookies()).filter(({ name }) => name.endsWith("sign-in"));
  await enter(page, code);
  await page.waitForURL(/\/portal$/);
  await context.clearCookies();
  await context.addCookies(flow);
  await page.goto("/sign-in?step=code");
  await expect(page.getByRole("main")).toContainText("already used");
  const again = await page.request.post("/sign-in?step=code", { form: { code }, headers: sameOrigin(stack) });
  expect([again.status(), (await again.text()).includes("already used")]).toEqual([422, true]);

  await context.clearCookies();
  const old = await askForCode(page, stack, newAddress());
  await inDatabase(stack, (database) =>
    database.query("UPDATE sign_in_flow SET expires_at = now() - interval '1 second' WHERE used_at IS NULL"),
  );
  await enter(page, old.code);
  await expect(page.getByRole("alert")).toContainText("older than 10 minutes");
  await page.goto("/portal");
  await expect(page).toHaveURL(/\/sign-in/);
});

test("who asks too often is told how long to wait, whether the shop knows the address or not", async ({
  page,
  stack,
}) => {
  const known = newAddress("known");
  await signInAsCustomer(page, stack, known);
  const words: string[] = [];
  for (const email of [known, newAddress("unknown")]) {
    await page.context().clearCookies();
    await inDatabase(stack, (database) => useUp(database, `sign-in-code-by-email:${email}`));
    await page.goto("/sign-in");
    await page.getByLabel("Email").fill(email);
    const asked = await page.request.post("/sign-in", { form: { email }, headers: sameOrigin(stack) });
    expect([asked.status(), Number(asked.headers()["retry-after"]) > 0]).toEqual([429, true]);
    await page.getByRole("button", { name: "Send me a code" }).click();
    await expect(page.getByRole("alert")).toContainText(/Too many codes.*wait \d+ (minutes|seconds)/);
    await expect(page.getByLabel("Email")).toHaveValue(email);
    await expect(page.getByText("(working)")).toHaveCount(0);
    words.push((await page.getByRole("main").innerText()).replaceAll(/\d+/g, "N"));
  }
  expect(words[0]).toBe(words[1]);
  await inDatabase(stack, forgetLimits);
});

test("a form on another site asks for no code in a visitor's name", async ({ page, stack }) => {
  const email = newAddress("victim");
  await page.goto("about:blank");
  await page.setContent(
    `<form method="post" action="${stack.appUrl}/sign-in"><input name="email" value="${email}"></form>`,
  );
  await page.locator("form").evaluate((form) => form instanceof HTMLFormElement && form.submit());
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Request refused");
  const mails = await inDatabase(stack, (database) =>
    database.query("SELECT 1 FROM email WHERE recipient = $1", [email]),
  );
  expect(mails.rowCount).toBe(0);
});

const tricks = [
  "//evil.example",
  "///evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "/.//evil.example",
  "/%2f/evil.example",
  "/\t/evil.example",
  "/\n//evil.example",
  "https://evil.example",
  "https:evil.example",
  "javascript:alert(1)",
  "data:text/html,hello",
  "@evil.example",
  ".evil.example",
  "/admin/../..//evil.example",
  "\u2028//evil.example",
];

test("no redirectTo leads away from the site, for staff or customers", async ({ page, stack }) => {
  const { email, password } = stack.staff.viewer;
  for (const trick of tricks) {
    const query = new URLSearchParams({ as: "staff", redirectTo: trick });
    const answer = await page.request.post(`/sign-in?${query}`, {
      form: { email, password },
      headers: sameOrigin(stack),
      maxRedirects: 0,
    });
    expect([trick, answer.status()]).toEqual([trick, 303]);
    expect([trick, landing(answer, stack)]).toEqual([trick, stack.appUrl]);
    // Signed in already, the page itself sends on.
    const seen = await page.request.get(`/sign-in?${query}`, { maxRedirects: 0 });
    expect([trick, landing(seen, stack)]).toEqual([trick, stack.appUrl]);
  }
  const customer = newAddress();
  await page.context().clearCookies();
  await page.goto("/sign-in?redirectTo=//evil.example/%2e%2e");
  await page.getByLabel("Email").fill(customer);
  await page.getByRole("button", { name: "Send me a code" }).click();
  const { text } = await mailTo(stack, customer, /code/i);
  await enter(page, codePattern.exec(text)?.[0] ?? "");
  await page.waitForURL(`${stack.appUrl}/portal`);
});

/** The site a browser ends on after this redirect. */
function landing(answer: APIResponse, stack: Stack): string {
  return new URL(answer.headers().location ?? "", `${stack.appUrl}/sign-in`).origin;
}

const sameOrigin = (stack: Stack) => ({ origin: stack.appUrl });

test("a known address and an unknown one get the same page, to the letter", async ({
  page,
  browser,
  stack,
}) => {
  await inDatabase(stack, forgetLimits);
  const known = newAddress("aaaa");
  await signInAsCustomer(page, stack, known);
  const seen: unknown[] = [];
  for (const email of [known, newAddress("aaaa")]) {
    const visitor = await another(browser);
    const answer = await visitor.request.post("/sign-in", {
      form: { email },
      headers: sameOrigin(stack),
      maxRedirects: 0,
    });
    const cookies = answer.headersArray().filter(({ name }) => name.toLowerCase() === "set-cookie");
    await visitor.goto(answer.headers().location ?? "");
    seen.push({
      status: answer.status(),
      location: answer.headers().location,
      cookies: cookies.map(({ value }) => value.replace(/=[^;]*/, "").concat(String(value.length))),
      body: (await answer.text()).length,
      page: (await visitor.getByRole("main").innerText()).replace(/\S+@\S+/, "ADDRESS"),
    });
    await visitor.context().close();
  }
  expect(seen[0]).toEqual(seen[1]);
});

test("time does not tell whether the shop knows an address", async ({ request, stack }) => {
  test.setTimeout(180_000);
  await inDatabase(stack, async (database) => {
    const known = Array.from({ length: 30 }, () => newAddress("known"));
    await database.query(
      "INSERT INTO customer (id, email) SELECT 'cust_' || md5(email), email FROM unnest($1::text[]) email",
      [known],
    );
    const ask = (email: string) => postOnce(request, stack, database, { email }, 303);
    const pick = (index: number) => known[index % known.length] ?? "";
    await expectAlike({ known: (n) => ask(pick(n)), unknown: () => ask(newAddress("other")) }, 60);
  });
});

test("time does not tell who works here", async ({ request, stack }) => {
  test.setTimeout(180_000);
  const { email } = stack.staff.owner;
  await inDatabase(stack, async (database) => {
    const ask = (address: string) =>
      postOnce(request, stack, database, { email: address, password: "not the password" }, 422);
    await expectAlike({ known: () => ask(email), unknown: () => ask(newAddress("other")) }, 60);
  });
});

/** Milliseconds of one post from a browser without cookies and with every limit fresh. */
async function postOnce(
  request: APIRequestContext,
  stack: Stack,
  database: pg.Client,
  form: Record<string, string>,
  status: number,
): Promise<number> {
  await forgetLimits(database);
  const headers = { ...sameOrigin(stack), cookie: "" };
  const started = performance.now();
  const answer = await request.post(`${stack.appUrl}/sign-in`, { form, headers, maxRedirects: 0 });
  const milliseconds = performance.now() - started;
  expect(answer.status()).toBe(status);
  return milliseconds;
}

/**
 * Samples both in turns and asks whether one could tell them apart: by the medians, and by a rank test at 1 %. By
 * chance alone one such test in a hundred is unlucky, so an unlucky one is repeated once with new samples.
 */
async function expectAlike(samplers: Samplers, count: number): Promise<void> {
  await takeSamples(samplers, 5);
  let { known, unknown } = await takeSamples(samplers, count);
  if (rankTest(known, unknown) <= 0.01) ({ known, unknown } = await takeSamples(samplers, count));
  const medians = [median(known), median(unknown)] as const;
  console.log(
    `medians ${medians.map((ms) => ms.toFixed(1)).join(" and ")} ms, p = ${rankTest(known, unknown).toFixed(3)}`,
  );
  expect(Math.abs(medians[0] - medians[1])).toBeLessThan(Math.max(5, 0.25 * Math.max(...medians)));
  expect(rankTest(known, unknown)).toBeGreaterThan(0.01);
}
