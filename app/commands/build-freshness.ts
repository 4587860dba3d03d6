import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

const built = "build/server/index.js";
const sources = [
  "app",
  "public",
  "prisma/schema.prisma",
  "package-lock.json",
  "vite.config.ts",
  "tailwind.config.ts",
];

/** Whether the built site is missing or older than anything it is made from. */
export async function isBuildStale(): Promise<boolean> {
  const made = await changedAt(built);
  if (made === null) return true;
  for (const source of sources) if ((await newestIn(source)) > made) return true;
  return false;
}

async function changedAt(path: string): Promise<number | null> {
  return (await stat(path).catch(() => null))?.mtimeMs ?? null;
}

async function newestIn(path: string): Promise<number> {
  const own = await stat(path).catch(() => null);
  if (!own) return 0;
  if (!own.isDirectory()) return own.mtimeMs;
  let newest = 0;
  for (const name of await readdir(path)) {
    // Made by the build itself.
    if (name === "prisma-client") continue;
    newest = Math.max(newest, await newestIn(join(path, name)));
  }
  return newest;
}
