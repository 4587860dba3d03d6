import { randomBytes } from "node:crypto";
import { test as base, expect, type Page } from "@playwright/test";
import { type Stack, startStack } from "#tests/journeys/stack.ts";
import type { ReceivedMail } from "#tests/mailbox/mailbox.ts";

/** One shop per worker; a page that logs an error or a warning fails its test. */
export const test = base.extend<{ quietConsole: undefined; expectedNoise: RegExp[] }, { stack: Stack }>({
  stack: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's needs from this pattern
    async ({}, use) => {
      const stack = await startStack();
      await use(stack);
      await stack.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  baseURL: async ({ stack }, use) => use(stack.appUrl),
  expectedNoise: [[], { option: true }],
  quietConsole: [
    async ({ context, stack, expectedNoise }, use) => {
      const noise: string[] = [];
      context.on("console", (message) => {
        const { url } = message.location();
        // A page that answers 404 or 503 on purpose is not noise; a script or style that does is.
        const isPageStatus = /^Failed to load resource/.test(message.text()) && !/\/assets\//.test(url);
        if (url.startsWith(stack.appUrl) && !isPageStatus && ["error", "warning"].includes(message.type()))
          noise.push(message.text());
      });
      context.on("weberror", (error) => noise.push(String(error.error())));
      await use(undefined);
      expect(noise.filter((text) => !expectedNoise.some((expected) => expected.test(text)))).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** Stories that move the clock: in a shop of their own, since time never goes back. */
export const timeTravelTest = test.extend<object, { ownShop: undefined }>({
  ownShop: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's needs from this pattern
    async ({}, use) => use(undefined),
    { scope: "worker", auto: true },
  ],
});

export const newAddress = (name = "buyer") => `${name}-${randomBytes(4).toString("hex")}@example.com`;

/** From the pricing page through the stand-in's checkout to the return page, as a person does it. */
export async function buy(
  page: Page,
  purchase: {
    plan?: string;
    email: string;
    method?: "card" | "delayed_success" | "delayed_failure";
    quantity?: number;
  },
): Promise<void> {
  await page.goto("/");
  const plan = page.getByRole("article").filter({ hasText: purchase.plan ?? "Perpetual license" });
  if (purchase.quantity) await plan.getByRole("spinbutton").fill(String(purchase.quantity));
  await plan.getByRole("button", { name: /^(buy|subscribe|start)/i }).click();
  await page.waitForURL(/\/checkout\/cs_test_/);
  await page.getByLabel("Email").fill(purchase.email);
  const choices = {
    card: /4242/,
    delayed_success: /debit that succeeds/i,
    delayed_failure: /debit that fails/i,
  };
  await page.getByRole("radio", { name: choices[purchase.method ?? "card"] }).check();
  await page.locator("button[value=pay]").click();
  await page.waitForURL(/\/checkout\/return/);
}

const keyPattern = /[A-Z0-9]{2,12}(?:-[0-9A-HJKMNP-TV-Z]{4}){7}/g;

/** Every key that is readable in it, each once. */
export function keysIn(text: string): string[] {
  return [...new Set(text.match(keyPattern))];
}

export function keyIn(text: string): string {
  const [key] = keysIn(text);
  if (!key) throw new Error(`No license key in: ${text.slice(0, 500)}`);
  return key;
}

export function mailTo(stack: Stack, address: string, subject: RegExp): Promise<ReceivedMail> {
  return stack.mailbox.waitFor(
    (mail) => mail.recipients.includes(address) && subject.test(mail.subject),
    15_000,
  );
}

export async function signInAsCustomer(page: Page, stack: Stack, email: string): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("Email").fill(email);
  await page.getByRole("button", { name: /send|code|continue/i }).click();
  const mail = await mailTo(stack, email, /\bcode\b/i);
  const code = /\b[0-9A-HJKMNP-TV-Z]{4}[- ]?[0-9A-HJKMNP-TV-Z]{4}\b/.exec(mail.text)?.[0];
  if (!code) throw new Error(`No code in: ${mail.text}`);
  await page.getByLabel(/code/i).fill(code);
  await page.getByRole("button", { name: /sign in/i }).click();
  await page.waitForURL(/\/portal/);
}

export async function signInAsStaff(
  page: Page,
  stack: Stack,
  role: keyof Stack["staff"] = "owner",
): Promise<void> {
  const { email, password } = stack.staff[role];
  await page.goto("/admin");
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: /sign in/i }).click();
  await page.waitForURL(/\/admin/);
}
