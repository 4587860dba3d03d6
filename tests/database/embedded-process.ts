import { startEmbeddedPostgres } from "#app/infra/embedded-postgres.server.ts";

/**
 * A process that uses the embedded server of the folder it is given. It says what happened in lines of JSON, leaves
 * in order when its standard input ends, and is killed by tests that want to see what a crash leaves behind.
 */
const say = (what: Record<string, unknown>) => process.stdout.write(`${JSON.stringify(what)}\n`);
const [dataDir = "", systemFolder = ""] = process.argv.slice(2);
const log = { info: () => undefined, warn: (message: string) => say({ warning: message }) };

startEmbeddedPostgres({ dataDir, systemFolder, log })
  .then(async ({ url, attached, stop }) => {
    say({ url, attached });
    process.stdin.resume();
    await new Promise((resolve) => process.stdin.once("end", resolve));
    await stop();
    say({ stopped: true });
  })
  .catch((error: unknown) => {
    say({ problem: error instanceof Error ? error.message : String(error), name: (error as Error).name });
    process.exitCode = 1;
  });
