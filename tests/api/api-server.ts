import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";
import { createApiHandler } from "#app/api/api-handler.server.ts";
import { loadRecentSettings } from "#app/domain/setting/recent-settings.server.ts";
import { defaultSettings, type Settings } from "#app/domain/setting/settings.ts";
import { db } from "#app/infra/db.server.ts";

/** No test of a rule should meet the limits of a minute; the tests of the limits set their own. */
export const noLimits: Partial<Settings> = {
  publicCallsPerAddressPerMinute: 0,
  publicCallsPerKeyPerMinute: 0,
  failedLookupsPerAddressPerMinute: 0,
  managementCallsPerSecond: 0,
};

/** The real API on a socket of this process, over the database of the test. `settings` differ from the defaults. */
export async function startApi(settings: Partial<Settings> = {}): Promise<{ url: string }> {
  await chooseSettings({ ...noLimits, ...settings });
  const { handle } = createApiHandler();
  const server = createServer({ maxHeaderSize: 16_384 }, handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // a server listening on TCP has one
  return { url: `http://127.0.0.1:${port}` };
}

/** Stores the vendor's choices and has the process know them at once. */
export async function chooseSettings(settings: Partial<Settings>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    if (!(name in defaultSettings)) throw new Error(`There is no setting ${name}.`);
    const chosen = { value: value ?? "null" };
    await db().setting.upsert({ where: { name }, create: { name, ...chosen }, update: chosen });
  }
  await loadRecentSettings();
}

/** One JSON request, and its answer read as JSON. */
export async function callApi(
  url: string,
  options: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<{ status: number; body: unknown; headers: Headers }> {
  const { method = options.body === undefined ? "GET" : "POST", body, headers } = options;
  const response = await fetch(url, {
    method,
    headers: { ...(body !== undefined && { "Content-Type": "application/json" }), ...headers },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? null : JSON.parse(text), headers: response.headers };
}
