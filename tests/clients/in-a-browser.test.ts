// The client in a page of another origin than the server's: preflight, localStorage and the browser's own Ed25519.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { chromium, type Page } from "playwright";
import { afterAll, expect, test } from "vitest";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { publicKeys, signingKey } from "#app/domain/signing-key/signing-key.server.ts";
import { chooseSettings, startApi } from "#tests/api/api-server.ts";
import { buildClient } from "#tests/clients/built-client.ts";
import { aLicense, aPolicy, aProduct } from "#tests/factories.ts";
import { chromiumArguments, findOrInstallChromium } from "#tests/setup/chromium.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const { url } = await startApi();
const { dist } = buildClient();
await signingKey();
const trusted = (await publicKeys()).map(({ publicKey }) => publicKey);

const page = `<!doctype html><title>App</title><script type="module">
import * as latchkey from "/index.js";
window.run = (options, method, ...given) => latchkey.createLatchkeyClient({ retries: 0, ...options })[method](...given);
</script>`;

const server = createServer(async (request, response) => {
  const isPage = request.url === "/";
  const body = isPage ? page : await readFile(join(dist, request.url ?? ""), "utf8").catch(() => null);
  response.writeHead(body === null ? 404 : 200, { "Content-Type": isPage ? "text/html" : "text/javascript" });
  response.end(body ?? "");
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address() as AddressInfo; // a server listening on TCP has one
const browser = await chromium.launch({ executablePath: findOrInstallChromium(), args: chromiumArguments });
afterAll(async () => {
  await browser.close();
  server.closeAllConnections();
  server.close();
});

type Run = (options: object, method: string, ...given: string[]) => Promise<unknown>;

async function openApp(): Promise<Page> {
  const app = await (await browser.newContext()).newPage();
  await app.goto(`http://127.0.0.1:${port}/`);
  await app.waitForFunction("window.run");
  return app;
}

function run(app: Page, baseUrl: string, method: string, ...given: string[]): Promise<unknown> {
  const options = { baseUrl, product: "lumen", publicKeys: trusted };
  return app.evaluate(
    ([options, method, given]) => (window as unknown as { run: Run }).run(options, method, ...given), // the page sets it
    [options, method, given] as const,
  );
}

test("a page activates, and goes on without the server after a reload", async () => {
  const { id: productId } = await aProduct({ slug: "lumen" });
  const policy = await aPolicy({ productId, deviceLimit: 1, offlineHours: 72 });
  const key = readKey(await aLicense({ policyId: policy.id }));
  const app = await openApp();
  expect(await run(app, url, "activate", key)).toMatchObject({ source: "server", valid: true });
  await app.reload();
  await app.waitForFunction("window.run");
  const nowhere = "http://127.0.0.1:9";
  expect(await run(app, nowhere, "validate", key)).toMatchObject({
    ...{ source: "file", valid: true, reason: "VALID", trouble: { kind: "unreachable" } },
  });
  expect(await run(app, url, "validate", key)).toMatchObject({ source: "server", valid: true });
  const elsewhere = await openApp();
  expect(await run(elsewhere, url, "activate", key)).toMatchObject({
    ...{ source: "server", valid: false, reason: "DEVICE_LIMIT_REACHED" },
  });
  expect(await run(app, url, "deactivate", key)).toMatchObject({ released: true });
  expect(await run(elsewhere, url, "activate", key)).toMatchObject({ valid: true });
});

test("a page hears what the server refuses, and how long it wants to be left alone", async () => {
  const app = await openApp();
  expect(await run(app, url, "validate", "nonsense")).toMatchObject({
    ...{ source: "server", valid: false, reason: "LICENSE_NOT_FOUND" },
  });
  await chooseSettings({ failedLookupsPerAddressPerMinute: 1 });
  await run(app, url, "validate", "nonsense");
  expect(await run(app, url, "validate", "nonsense")).toMatchObject({
    ...{ source: "file", reason: "no-file" },
    trouble: { kind: "rate-limited", status: 429, retryAfterSeconds: expect.any(Number) },
  });
});
