import { bootstrap } from "#app/commands/bootstrap.ts";
import { serve } from "#app/commands/serve.ts";

// The whole server in a process of its own, as `npm start` runs it, which tells its parent how much memory it holds.
// An error nobody caught ends it, as Node does by itself.

/** `used`: what its objects and buffers take. `rss`: what the system has given it, which it gives back late. */
type MemoryReport = { rss: number; used: number };

const { stop } = await bootstrap();
const serving = await serve();
process.on("message", () => {
  // Twice, because the first collection frees what the second one finds unreachable.
  for (let round = 0; round < 2; round++) globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send?.({ rss, used: heapUsed + external } satisfies MemoryReport);
});
// The test that started it is gone.
process.once("disconnect", () => process.exit(0));
process.once("SIGTERM", () => {
  serving
    .stop()
    .then(stop)
    .then(() => process.exit(0));
});
process.send?.({ url: serving.url });
