import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";

const VARIABLES = [
  "PORT",
  "HOST",
  "PUBLIC_BASE",
  "STRIPE_SECRET_KEY",
  "STRIPE_WEBHOOK_URL",
  "STRIPE_WEBHOOK_SECRET",
  "STATE_FILE",
  "CLOCK_FILE",
  "WATCH_URL",
] as const;
const READY = /API (\S+), control page (\S+)/;
const PATIENCE_MS = 5_000;

/** Variables of `start.ts`; what is missing has the default stated there, whatever this process was started with. */
export type SpawnEnvironment = Partial<Record<(typeof VARIABLES)[number], string>>;

export type SpawnedStandIn = {
  process: ChildProcess;
  /** What `STRIPE_API_BASE` takes. */
  apiBase: string;
  controlUrl: string;
  /** Asks it to stop and resolves when it has; safe to repeat. */
  stop(): Promise<void>;
};

function childEnvironment(environment: SpawnEnvironment): NodeJS.ProcessEnv {
  const inherited = { ...process.env };
  for (const name of VARIABLES) delete inherited[name];
  return { ...inherited, ...environment, STOP_WITH_PARENT: "1" };
}

/**
 * Runs the stand-in as a process of its own. Resolves once it listens; rejects with its own words when it cannot start.
 * It ends when this process does, however that ends.
 */
export function spawnStripeStandIn(environment: SpawnEnvironment = {}): Promise<SpawnedStandIn> {
  const script = fileURLToPath(new URL("./start.ts", import.meta.url));
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const child = spawn(process.execPath, ["--import", tsx, script], {
    env: childEnvironment(environment),
    stdio: ["pipe", "pipe", "pipe"],
    // A group of its own: Ctrl-C in the terminal reaches the parent only, which then stops this in its own order.
    detached: true,
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    child.kill("SIGTERM");
    const killing = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    await ended;
    clearTimeout(killing);
  };
  return new Promise((resolve, reject) => {
    let complaints = "";
    child.stderr.on("data", (chunk: Buffer) => {
      complaints += chunk.toString("utf8");
    });
    const passComplaintsOn = () => child.stderr.removeAllListeners("data").pipe(process.stderr);
    child.once("error", reject);
    child.once("exit", () =>
      reject(new Error(complaints.trim() || "The Stripe stand-in ended before it was ready")),
    );
    createInterface(child.stdout).on("line", (line) => {
      const [, apiBase, controlUrl] = READY.exec(line) ?? [];
      if (apiBase === undefined || controlUrl === undefined) return;
      passComplaintsOn();
      resolve({ process: child, apiBase, controlUrl, stop });
    });
  });
}
