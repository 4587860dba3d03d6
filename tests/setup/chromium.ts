import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chromium } from "playwright";

const systemNames = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** What a headless Chromium needs in a container without a sandbox, a GPU or a way out. */
export const chromiumArguments = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * A Chromium for the browser tests: CHROMIUM_PATH, the system's, Playwright's own, or one that is installed now.
 * @throws Error that says how to get one when none can be installed.
 */
export function findOrInstallChromium(): string {
  const found = findChromium();
  if (found) return found;
  console.log("No Chromium found; installing one.");
  if (process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0) {
    execFileSync("apt-get", ["update", "-q"], { stdio: "inherit" });
    execFileSync("apt-get", ["install", "-y", "-q", "--no-install-recommends", "chromium"], {
      stdio: "inherit",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  } else {
    spawnSync("npx", ["playwright", "install", "chromium"], { stdio: "inherit" });
  }
  const installed = findChromium();
  if (installed) return installed;
  throw new Error(
    "No Chromium could be installed. Install one (Debian: apt-get install chromium) or set CHROMIUM_PATH to one.",
  );
}

function findChromium(): string | null {
  const named = process.env.CHROMIUM_PATH;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`CHROMIUM_PATH names ${named}, which does not exist.`);
  }
  for (const name of systemNames) {
    const path = spawnSync("which", [name], { encoding: "utf8" }).stdout?.trim();
    if (path) return path;
  }
  const own = chromium.executablePath();
  return existsSync(own) ? own : null;
}
