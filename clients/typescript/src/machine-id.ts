import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * A fingerprint that stays the same until the operating system is installed anew: the system's own machine id, hashed with
 * the product, so that two products cannot tell that they run on one machine, and nobody learns the id itself.
 * Null where the system has none, as in most containers.
 */
export async function machineFingerprint(product: string): Promise<string | null> {
  const id = await machineId().catch(() => null);
  return id && createHash("sha256").update(`latchkey device\n${product}\n${id}`).digest("hex");
}

async function machineId(): Promise<string | null> {
  if (process.platform === "win32") {
    const reg = join(process.env.SystemRoot ?? "C:\\Windows", "System32", "reg.exe");
    const question = ["query", "HKLM\\SOFTWARE\\Microsoft\\Cryptography", "/v", "MachineGuid", "/reg:64"];
    return readMachineGuid((await run(reg, question, { windowsHide: true })).stdout);
  }
  if (process.platform === "darwin")
    return readPlatformUuid((await run("/usr/sbin/ioreg", ["-rd1", "-c", "IOPlatformExpertDevice"])).stdout);
  for (const path of ["/etc/machine-id", "/var/lib/dbus/machine-id", "/etc/hostid"]) {
    const id = usable(await readFile(path, "utf8").catch(() => ""));
    if (id) return id;
  }
  return null;
}

/** The id in what `reg.exe query` prints; null when there is none. */
export function readMachineGuid(printed: string): string | null {
  return usable(/MachineGuid\s+REG_SZ\s+(\S+)/i.exec(printed)?.[1] ?? "");
}

/** The id in what `ioreg` prints; null when there is none. */
export function readPlatformUuid(printed: string): string | null {
  return usable(/"IOPlatformUUID"\s*=\s*"([^"]+)"/.exec(printed)?.[1] ?? "");
}

/** 128 bits in hexadecimal digits that are not all the same; images ship with ids such as "uninitialized" or zeros. */
function usable(text: string): string | null {
  const digits = text.trim().toLowerCase().replaceAll("-", "");
  return /^[0-9a-f]{32}$/.test(digits) && !/^(.)\1*$/.test(digits) ? digits : null;
}
