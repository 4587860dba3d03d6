import type { Server } from "node:http";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ServerBuild } from "@remix-run/node";
import { CommandError } from "#app/commands/bootstrap.ts";
import { programMounts } from "#app/commands/program-mounts.ts";
import { loadRecentSettings } from "#app/domain/setting/recent-settings.server.ts";
import { createServer } from "#app/http/server.server.ts";
import { getEnv } from "#app/infra/env.server.ts";
import { startWorker } from "#app/jobs/worker.server.ts";

export type Serving = { url: string; server: Server; stop: () => Promise<void> };

/**
 * Serves the built site, and does the owed work in the same process unless WORKER=off. `stop` takes no new
 * requests, finishes those under way and ends the worker.
 */
export async function serve(): Promise<Serving> {
  const env = getEnv();
  await loadRecentSettings();
  const { server, close } = createServer({
    build: await loadBuild(),
    mounts: programMounts(),
  });
  await new Promise<void>((done, fail) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      fail(
        error.code === "EADDRINUSE"
          ? new CommandError(`Port ${env.port} is taken by another program. Set PORT to a free one.`)
          : error,
      ),
    );
    server.listen(env.port, env.host, done);
  });
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : env.port;
  const worker = env.worker === "inline" ? startWorker() : null;
  return {
    url: `http://${env.host === "0.0.0.0" ? "127.0.0.1" : env.host}:${port}`,
    server,
    stop: async () => {
      await close();
      await worker?.stop();
    },
  };
}

async function loadBuild(): Promise<ServerBuild> {
  const file = resolve("build/server/index.js");
  try {
    return (await import(pathToFileURL(file).href)) as ServerBuild; // written by `remix vite:build` with this type
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND")
      throw new CommandError("The site is not built yet. Run `npm run build` first.");
    throw error;
  }
}
