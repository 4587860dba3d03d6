import { readFileSync } from "node:fs";
import pg from "pg";
import { paths } from "#app/paths.ts";
import { buy, expect, keyIn, mailTo, newAddress, test } from "#tests/journeys/journey.ts";
import type { Stack } from "#tests/journeys/stack.ts";
import { loadTypescriptSample } from "#tests/offline/files.ts";
import { offlineRequestText } from "#tests/offline/request.ts";

/** What a developer copies from the admin area into the app. */
async function publicKeysOf(stack: Stack): Promise<string[]> {
  const database = new pg.Client({ connectionString: stack.databaseUrl });
  await database.connect();
  const { rows } = await database.query<{ key: string }>("SELECT public_key AS key FROM signing_key");
  await database.end();
  return rows.map(({ key }) => key);
}

for (const scripts of ["with", "without"] as const)
  test(`a device without internet gets a license file that verifies, ${scripts} scripts`, async ({
    browser,
    stack,
    page,
  }) => {
    const email = newAddress("offline");
    await buy(page, { email });
    const key = keyIn((await mailTo(stack, email, /license/i)).text);
    const context = await browser.newContext({ javaScriptEnabled: scripts === "with" });
    const other = await context.newPage();
    const asked: string[] = [];
    other.on("request", (request) => asked.push(request.url()));

    await other.goto(stack.appUrl + paths.offline());
    await other.getByLabel("Request", { exact: true }).fill(key);
    await other.getByRole("button", { name: "Get the license file" }).click();
    await expect(other.getByRole("alert")).toContainText("license key alone is not enough");
    await expect(other.getByLabel("Request", { exact: true })).toHaveValue(key);

    const request = offlineRequestText({ key, product: "tidepool", fingerprint: "lab-1", name: "Lab" });
    await other.getByLabel("Request", { exact: true }).fill("");
    const file = { name: "request.lkreq", mimeType: "text/plain", buffer: Buffer.from(`${request}\n`) };
    await other.getByLabel("Request as a file").setInputFiles(file);
    await other.getByRole("button", { name: "Get the license file" }).click();
    await expect(other.getByRole("heading", { name: "Your license file" })).toBeVisible();
    await expect(other.getByRole("img", { name: "QR code of the license file" })).toBeVisible();

    const shown = await other.getByLabel("License file", { exact: true }).inputValue();
    const downloading = other.waitForEvent("download");
    await other.getByRole("link", { name: "Download license.lic" }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe("license.lic");
    const saved = readFileSync(await download.path(), "utf8");
    expect(saved.trim()).toBe(shown.trim());

    const verifyFile = await loadTypescriptSample();
    const publicKeys = await publicKeysOf(stack);
    const check = { publicKeys, product: "tidepool", fingerprint: "lab-1", now: new Date() };
    expect(verifyFile(saved, check)).toMatchObject({ license: { product: "tidepool", code: "VALID" } });
    expect(asked.join(" ")).not.toContain(request);
    expect(asked.join(" ")).not.toContain(key);
    await context.close();
  });
