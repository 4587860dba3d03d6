// For Node and for the main process of Electron; browsers import the package's main entry.
import { webcrypto } from "node:crypto";
import { hostname } from "node:os";
import { createLatchkeyClient, type LatchkeyClient } from "./client.ts";
import { defaultStoragePath, fileStorage } from "./file-storage.ts";
import { machineFingerprint } from "./machine-id.ts";
import { type ClientOptions, storedFingerprint } from "./settings.ts";

export * from "./index.ts";
export { defaultStoragePath, fileStorage, machineFingerprint };

export type NodeClientOptions = ClientOptions & {
  /** The file that keeps license files; in the user's folder for application state unless given. */
  storagePath?: string | undefined;
};

/**
 * A client that knows its machine: fingerprint from the system's machine id (a random one, kept in the storage, where the
 * system has none), storage in a file, platform and host name filled in.
 * @throws TypeError for a wrong option.
 */
export function createNodeClient({ storagePath, ...options }: NodeClientOptions): LatchkeyClient {
  const { product } = options;
  const storage = options.storage ?? fileStorage(storagePath ?? defaultStoragePath(product));
  // Node 18 has WebCrypto, but not as a global.
  const crypto = options.crypto ?? globalThis.crypto ?? webcrypto;
  return createLatchkeyClient({
    ...options,
    storage,
    crypto,
    fingerprint:
      options.fingerprint ??
      (async () => (await machineFingerprint(product)) ?? storedFingerprint(storage, product, crypto)),
    device: { platform: `${process.platform} ${process.arch}`, hostname: hostname(), ...options.device },
  });
}
