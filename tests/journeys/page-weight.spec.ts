import type { Browser, BrowserContext, Response } from "@playwright/test";
import { paths } from "#app/paths.ts";
import { expect, test } from "#tests/journeys/journey.ts";
import { type Sales, type Scene, setScene } from "#tests/journeys/screens.ts";

/** In KiB over the wire, after compression. */
const budgets = {
  public: { scripts: 110, styles: 15 },
  portal: { scripts: 150, styles: 15 },
  admin: { scripts: 190, styles: 20 },
};
type Area = keyof typeof budgets;

const pages: [Area, string, (sales: Sales) => string][] = [
  ["public", "pricing", () => paths.home()],
  ["public", "sign-in", () => paths.signIn()],
  ["public", "return page", ({ sessions }) => paths.checkoutReturn(sessions.paid)],
  ["public", "API reference", () => paths.apiReference()],
  ["portal", "my licenses", () => paths.portal.licenses()],
  ["portal", "my license", ({ licenses }) => paths.portal.license(licenses.dated)],
  ["admin", "overview", () => paths.admin.overview()],
  ["admin", "licenses", () => paths.admin.licenses()],
  ["admin", "license", ({ licenses }) => paths.admin.license(licenses.dated)],
  ["admin", "extend dialog", ({ licenses }) => paths.admin.license(licenses.dated, { do: "extend" })],
  ["admin", "new license", () => paths.admin.newLicense()],
  ["admin", "customers", () => paths.admin.customers()],
  ["admin", "customer", ({ customerId }) => paths.admin.customer(customerId)],
  ["admin", "orders", () => paths.admin.orders()],
  ["admin", "order", ({ orderId }) => paths.admin.order(orderId)],
  ["admin", "subscription", ({ subscriptionOrderId }) => paths.admin.order(subscriptionOrderId)],
  ["admin", "subscriptions", () => paths.admin.subscriptions()],
  ["admin", "alerts", () => paths.admin.alerts()],
  ["admin", "settings", () => paths.admin.settings()],
  ["admin", "webhooks", () => paths.admin.webhookInbox()],
  ["admin", "webhook event", ({ eventKey }) => paths.admin.webhookEvent(eventKey)],
  ["admin", "emails", () => paths.admin.emails()],
  ["admin", "email", ({ emailId }) => paths.admin.email(emailId)],
  ["admin", "audit log", () => paths.admin.auditLog()],
];

test("every page is light, asks nobody else for anything, and is cached as it should be", async ({
  stack,
  browser,
}) => {
  test.setTimeout(180_000);
  const scene = await setScene(stack, browser);
  const sales = await scene.sales();
  const lines: string[] = [];
  const tooHeavy: string[] = [];
  for (const [area, name, path] of pages) {
    const context = await freshContext(browser, scene, area);
    const { scripts, styles, html, responses } = await load(context, stack.appUrl + path(sales));
    await context.close();
    const line = `${area.padEnd(6)} ${name.padEnd(14)} ${kib(scripts)} KiB scripts ${kib(styles)} KiB styles ${kib(html)} KiB page`;
    lines.push(line);
    expect(scripts).toBeGreaterThan(0);
    expect(styles).toBeGreaterThan(0);
    const { [area]: budget } = budgets;
    if (scripts > budget.scripts * 1024 || styles > budget.styles * 1024) tooHeavy.push(line);
    for (const response of responses) expectOurs(response, stack.appUrl, area);
  }
  console.log(lines.join("\n"));
  expect(tooHeavy).toEqual([]);
  await scene.stop();
});

const kib = (bytes: number) => (bytes / 1024).toFixed(1).padStart(6);

/** Signed in, with nothing in its cache. */
async function freshContext(browser: Browser, scene: Scene, area: Area): Promise<BrowserContext> {
  const who = area === "admin" ? scene.owner : scene.buyer;
  return browser.newContext({ storageState: await who.context().storageState() });
}

async function load(context: BrowserContext, address: string) {
  const page = await context.newPage();
  const responses: Response[] = [];
  page.on("response", (response) => responses.push(response));
  await page.goto(address, { waitUntil: "networkidle" });
  const sizes = await page.evaluate(() => {
    const sum = (ending: RegExp) =>
      performance
        .getEntriesByType("resource")
        .filter((entry) => entry instanceof PerformanceResourceTiming)
        .filter(({ name }) => ending.test(new URL(name).pathname))
        .reduce((bytes, { encodedBodySize }) => bytes + encodedBodySize, 0);
    const [navigation] = performance.getEntriesByType("navigation");
    const html = navigation instanceof PerformanceNavigationTiming ? navigation.encodedBodySize : 0;
    return { scripts: sum(/\.js$/), styles: sum(/\.css$/), html };
  });
  return { ...sizes, responses };
}

function expectOurs(response: Response, appUrl: string, area: Area): void {
  const { origin, pathname } = new URL(response.url());
  expect(origin).toBe(appUrl);
  const headers = response.headers();
  if (pathname.startsWith("/assets/")) {
    expect(headers["cache-control"]).toMatch(/max-age=31536000.*immutable/);
    expect(headers["set-cookie"]).toBeUndefined();
    if (/\.(js|css)$/.test(pathname) && Number(headers["content-length"] ?? 2000) > 1500)
      expect([pathname, headers["content-encoding"]]).toEqual([
        pathname,
        expect.stringMatching(/^(gzip|br)$/),
      ]);
  } else if (area !== "public" && response.request().resourceType() === "document")
    expect(headers["cache-control"]).toBe("no-store");
}
