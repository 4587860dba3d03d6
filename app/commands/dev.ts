import type { ServerBuild } from "@remix-run/node";
import { createServer as createViteServer } from "vite";
import { bootstrap, CommandError, runCommand } from "#app/commands/bootstrap.ts";
import { programMounts } from "#app/commands/program-mounts.ts";
import { untilSignal } from "#app/commands/until-signal.ts";
import { loadRecentSettings } from "#app/domain/setting/recent-settings.server.ts";
import { createServer } from "#app/http/server.server.ts";
import { startWorker } from "#app/jobs/worker.server.ts";

/**
 * The site as one works on it: pages are compiled when asked for and refreshed when saved. What runs outside the
 * pages (this file, the worker, the webhook) is read once; start again after a change there.
 */
runCommand(async () => {
  const { env, stop } = await bootstrap();
  await loadRecentSettings();
  const vite = await createViteServer({ server: { middlewareMode: true } });
  const { server, close } = createServer({
    vite,
    // Vite makes this module of the routes; Remix gives it the shape of a build.
    build: async () => (await vite.ssrLoadModule("virtual:remix/server-build")) as ServerBuild,
    mounts: programMounts(),
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(
        "code" in error && error.code === "EADDRINUSE"
          ? new CommandError(`Port ${env.port} is taken by another program. Set PORT to a free one.`)
          : error,
      ),
    );
    server.listen(env.port, env.host, resolve);
  });
  const worker = env.worker === "inline" ? startWorker() : null;
  console.log(`Latchkey in development: ${env.appUrl}`);
  await untilSignal();
  await vite.close();
  await close();
  await worker?.stop();
  await stop();
});
