import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json, type ServerBuild } from "@remix-run/node";
import { pino } from "pino";
import { afterAll } from "vitest";
import * as entry from "#app/entry.server.tsx";
import { createServer, type Mount } from "#app/http/server.server.ts";
import { parseEnv, type RuntimeEnv, setRuntimeEnv } from "#app/infra/env.server.ts";
import { dropSingleton, singleton } from "#app/infra/singleton.server.ts";
import * as root from "#app/root.tsx";
import * as notFound from "#app/routes/not-found.tsx";

export type Answer = { status: number; headers: IncomingHttpHeaders; body: string };
export type Ask = { method?: string; headers?: Record<string, string>; body?: string };

export type Edge = {
  port: number;
  server: ReturnType<typeof createServer>["server"];
  close: () => Promise<void>;
  ask: (path: string, options?: Ask) => Promise<Answer>;
  /** Every action that ran, and every loader of the page routes. */
  reached: string[];
  /** What was logged, one record per line. */
  log: Record<string, unknown>[];
};

/** The message of the error that `GET /broken` throws; no answer may repeat it. */
export const secretFailure = "the password of /etc/latchkey is swordfish";

/**
 * The real edge, root, entry and error pages over four routes of the test's own: a page with an action (`/page`,
 * `/portal/page`), a resource route (`/resource`), one that sets headers of its own (`/framed`) and one that breaks
 * (`/broken`). Needs no database.
 */
export async function startEdge(
  overrides: Partial<RuntimeEnv> = {},
  mounts: readonly Mount[] = [],
): Promise<Edge> {
  setRuntimeEnv({
    ...parseEnv({ PORT: "0", APP_URL: "http://localhost:3000" }),
    databaseUrl: "postgresql://nobody@127.0.0.1:1/none",
    masterKey: Buffer.alloc(32, 1),
    ...overrides,
  });
  const log: Record<string, unknown>[] = [];
  dropSingleton("logger");
  singleton("logger", () =>
    pino({ level: "debug" }, { write: (line: string) => void log.push(JSON.parse(line)) }),
  );
  const clientDirectory = await browserFiles();
  const reached: string[] = [];
  const { server, close } = createServer({ build: buildOf(reached), mounts, clientDirectory });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a server listening on TCP has one
  afterAll(async () => {
    await close();
    await rm(clientDirectory, { recursive: true });
  });
  return { port, server, close, reached, log, ask: (path, options) => ask(port, path, options) };
}

async function browserFiles(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "latchkey-edge-"));
  await mkdir(join(directory, "assets"));
  await writeFile(join(directory, "assets", "root-abc123.js"), "export {};");
  await writeFile(join(directory, "robots.txt"), "User-agent: *\n");
  return directory;
}

/** One request exactly as written, with nothing a browser or `fetch` would add. */
function ask(port: number, path: string, options: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string> = { Host: `localhost:${port}`, ...options.headers };
    if (options.body !== undefined && !("Transfer-Encoding" in headers))
      headers["Content-Length"] ??= String(Buffer.byteLength(options.body));
    const sent = httpRequest(
      { host: "127.0.0.1", port, path, method: options.method ?? "GET", headers, agent: false },
      (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          body += chunk;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
        response.on("error", reject);
      },
    );
    sent.on("error", reject);
    sent.end(options.body);
  });
}

function buildOf(reached: string[]): ServerBuild {
  const page = (name: string) => ({
    loader: () => {
      reached.push(`loader of ${name}`);
      return json({ ok: true });
    },
    action: () => {
      reached.push(`action of ${name}`);
      return json({ ok: true });
    },
    default: () => <h1>A page</h1>,
  });
  const modules = {
    root: { path: "", module: root },
    page: { path: "page", module: page("page") },
    private: { path: "portal/page", module: page("private") },
    resource: {
      path: "resource",
      module: { action: page("resource").action, loader: () => new Response("resource") },
    },
    framed: { path: "framed", module: { loader: framed } },
    broken: { path: "broken", module: { ...page("broken"), loader: broken } },
    hook: { path: "webhooks/other", module: { action: page("hook").action } },
    health: { path: "health/live", module: { loader: () => new Response("alive") } },
    splat: { path: "*", module: notFound },
  };
  const parentOf = (id: string) => (id === "root" ? {} : { parentId: "root" });
  const routes = Object.entries(modules).map(([id, { path, module }]) => [
    id,
    { id, path, module, ...parentOf(id) },
  ]);
  const manifest = Object.entries(modules).map(([id, { path, module }]) => [
    id,
    {
      ...{ id, path, ...parentOf(id), module: `/assets/${id}.js`, hasErrorBoundary: id === "root" },
      ...{ hasAction: "action" in module, hasLoader: "loader" in module },
      ...{ hasClientAction: false, hasClientLoader: false },
    },
  ]);
  return {
    mode: "production",
    entry: { module: entry },
    routes: Object.fromEntries(routes),
    assets: {
      entry: { imports: [], module: "/assets/entry.js" },
      routes: Object.fromEntries(manifest),
      url: "/assets/manifest.js",
      version: "1",
    },
    publicPath: "/",
    assetsBuildDirectory: "build/client",
    future: {
      ...{ v3_fetcherPersist: true, v3_relativeSplatPath: true, v3_throwAbortReason: true },
      ...{ v3_lazyRouteDiscovery: false, v3_singleFetch: false },
    },
    isSpaMode: false,
  };
}

function framed() {
  return new Response("<p>A mail</p>", {
    headers: {
      "Content-Type": "text/html",
      "Content-Security-Policy": "default-src 'none'; frame-ancestors 'self'",
      "Cache-Control": "max-age=60",
    },
  });
}

function broken(): never {
  throw new Error(secretFailure);
}
