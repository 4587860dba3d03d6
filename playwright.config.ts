import { defineConfig } from "@playwright/test";
import { chromiumArguments, findOrInstallChromium } from "./tests/setup/chromium.ts";

export default defineConfig({
  testDir: "tests/journeys",
  testMatch: "*.spec.ts",
  // One stack (app, database, Stripe stand-in, mailbox) per worker; two cores carry one of them well.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  forbidOnly: true,
  timeout: 90_000,
  expect: { timeout: 10_000 },
  outputDir: "test-results",
  reporter: [["list"], ["json", { outputFile: "reports/journeys.json" }]],
  use: {
    browserName: "chromium",
    headless: true,
    launchOptions: { executablePath: findOrInstallChromium(), args: chromiumArguments },
    viewport: { width: 1280, height: 800 },
    locale: "en-US",
    timezoneId: "UTC",
    actionTimeout: 15_000,
    trace: "off",
    screenshot: "only-on-failure",
  },
});
