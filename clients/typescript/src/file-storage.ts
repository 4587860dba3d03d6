import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { parseObject } from "./json.ts";
import type { Storage } from "./storage.ts";

/**
 * Keeps everything in one JSON file that only this user may read. It is replaced as a whole, so a power cut leaves the
 * old one or the new one; a file that is no JSON counts as empty. For one program at a time.
 */
export function fileStorage(path: string): Storage {
  let last: Promise<unknown> = Promise.resolve();

  /** One after the other, so that two changes at once are both kept. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = last.then(work, work);
    last = done.catch(() => undefined);
    return done;
  }

  async function read(): Promise<Record<string, unknown>> {
    try {
      return parseObject(await readFile(path, "utf8")) ?? {};
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
      throw error;
    }
  }

  async function write(kept: Record<string, unknown>): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    const next = `${path}.${process.pid}.new`;
    await writeFile(next, JSON.stringify(kept), { mode: 0o600 });
    await rename(next, path);
  }

  return {
    get: (name) =>
      inTurn(async () => {
        const value = (await read())[name];
        return typeof value === "string" ? value : null;
      }),
    set: (name, value) => inTurn(async () => write({ ...(await read()), [name]: value })),
    remove: (name) =>
      inTurn(async () => {
        const { [name]: gone, ...rest } = await read();
        if (gone !== undefined) await write(rest);
      }),
  };
}

/** Where a program of this user keeps its state, as each system has it. */
export function defaultStoragePath(product: string): string {
  const file = join("latchkey", `${product.replace(/[^A-Za-z0-9._-]/g, "_")}.json`);
  if (process.platform === "win32")
    return join(process.env.LOCALAPPDATA ?? join(homedir(), "AppData", "Local"), file);
  if (process.platform === "darwin") return join(homedir(), "Library", "Application Support", file);
  return join(process.env.XDG_STATE_HOME ?? join(homedir(), ".local", "state"), file);
}
