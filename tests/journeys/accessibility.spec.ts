import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import type { RouteConfigEntry } from "@remix-run/route-config";
import routes from "#app/routes.ts";
import { expect, test as journey } from "#tests/journeys/journey.ts";
import {
  adminScreens,
  dialogScreens,
  emptyScreens,
  outsideScreens,
  portalScreens,
  type Scene,
  type Screen,
  setScene,
  shopScreens,
  signInScreens,
} from "#tests/journeys/screens.ts";

const test = journey.extend<object, { scene: Scene }>({
  scene: [
    async ({ stack, browser }, use) => {
      const scene = await setScene(stack, browser);
      await use(scene);
      await scene.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
});

// The empty screens come first: afterwards nothing is empty any more.
const groups: [string, Screen[]][] = [
  ["before the first sale", emptyScreens],
  ["of the shop", shopScreens],
  ["of signing in", signInScreens],
  ["of the portal", portalScreens],
  ["of the license dialogs", dialogScreens],
  ["of the admin area", adminScreens],
  ["of the Stripe stand-in and the mailbox", outsideScreens],
];

test("every page of the site is among the screens", () => {
  const looked = new Set(groups.flatMap(([, screens]) => screens.map(({ route }) => route)));
  expect(pagesOf(routes).filter((file) => !looked.has(file))).toEqual([]);
});

test("a page with known faults is found out", async ({ page }) => {
  await page.setContent(`<html lang="en"><title>Faults</title><main><h1>Faults</h1>
    <p style="color: #999; background: #fff">Pale</p><img src="data:," style="width: 600px">
    <ul><li><a href="#a" style="font-size: 8px">a</a></li><li><a href="#b" style="font-size: 8px">b</a></li></ul></main>`);
  const found = (await problemsOf(page)).join(" ");
  for (const fault of ["color-contrast", "image-alt", "target-size", "pixels wide"])
    expect(found).toContain(fault);
});

for (const [name, screens] of groups)
  test(`the screens ${name} are accessible in light and dark, wide and narrow`, async ({ scene }) => {
    test.setTimeout(240_000);
    const problems: string[] = [];
    for (const screen of screens)
      await test.step(screen.name, async () => {
        const page = await screen.open(scene);
        problems.push(...(await problemsOf(page)).map((problem) => `${screen.name}, ${problem}`));
        await screen.after?.(scene);
      });
    expect(problems).toEqual([]);
  });

/**
 * Chromium now and then keeps an inherited color of the old theme on a few elements when the theme is switched under
 * an open page. Nobody's page is opened that way: have every style worked out from nothing.
 */
function styleAnew(): void {
  const { documentElement } = document;
  documentElement.style.display = "none";
  void documentElement.offsetHeight;
  documentElement.style.display = "";
}

/** What axe and a ruler find, in each of the four ways to look at the page. */
async function problemsOf(page: Page): Promise<string[]> {
  const problems: string[] = [];
  for (const [width, colorScheme] of [
    [1280, "light"],
    [1280, "dark"],
    [320, "dark"],
    [320, "light"],
  ] as const) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.evaluate(styleAnew);
    const { violations } = await axe(page).analyze();
    for (const { id, nodes } of violations)
      for (const { target, failureSummary } of nodes)
        problems.push(`${width} ${colorScheme}: ${id} at ${target.join(" ")}: ${failureSummary}`);
    const reach = await page.evaluate(() => document.scrollingElement?.scrollWidth ?? 0);
    if (reach > width) problems.push(`${width} ${colorScheme}: ${reach} pixels wide`);
  }
  const headings = await page.locator("h1").count();
  if (headings !== 1) problems.push(`${headings} headings of the first level`);
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: "light" });
  return problems;
}

function axe(page: Page): AxeBuilder {
  // Without legacy mode each look opens a page of its own to put the frames together; the one frame we have is a
  // screen by itself.
  return new AxeBuilder({ page }).setLegacyMode().options({
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    rules: { "target-size": { enabled: true } },
    resultTypes: ["violations"],
    iframes: false,
  });
}

/** The files of the routes that show a page. */
function pagesOf(entries: readonly RouteConfigEntry[]): string[] {
  return entries.flatMap(({ file, children }) =>
    children ? pagesOf(children) : file.endsWith(".tsx") || file.endsWith("preview.ts") ? [file] : [],
  );
}
