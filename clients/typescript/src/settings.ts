import type { DeviceDescription } from "./device-description.ts";
import { type PlatformCrypto, randomHex, requireCrypto } from "./platform-crypto.ts";
import { browserStorage, forgivingStorage, memoryStorage, type Storage } from "./storage.ts";
import { readPublicKeys } from "./verify-file.ts";

export type ClientOptions = {
  /** Address of the Latchkey server, such as `https://licenses.example.com`. */
  baseUrl: string;
  /** Slug of the product this app is. */
  product: string;
  /** The server's Ed25519 public keys in base64, from the admin area; built into the app, never fetched. */
  publicKeys: readonly string[];
  /** What tells this device from others. Without it a random one is made once and kept in `storage`. */
  fingerprint?: string | (() => string | Promise<string>) | undefined;
  /** Where files are kept; the browser's localStorage unless given. */
  storage?: Storage | undefined;
  /** Told of every failure of `storage`; the client goes on as if nothing were kept. */
  onStorageError?: ((error: unknown) => void) | undefined;
  device?: DeviceDescription | undefined;
  /** Refuse answers the server did not sign, so that nobody can put a server of his own in its place. */
  requireSignedAnswers?: boolean | undefined;
  /** Ask for encrypted files, which open only with license key and fingerprint together. */
  encryptFiles?: boolean | undefined;
  /** Hours for which a file counts beyond its expiry while the server cannot be reached; 0 unless given. */
  offlineGraceHours?: number | undefined;
  /** How long one attempt may take; 8 unless given. */
  timeoutSeconds?: number | undefined;
  /** How often a call that met trouble is tried again; 2 unless given. */
  retries?: number | undefined;
  fetch?: typeof globalThis.fetch | undefined;
  now?: (() => Date) | undefined;
  crypto?: PlatformCrypto | undefined;
};

/** The options with everything filled in. */
export type Settings = {
  baseUrl: URL;
  product: string;
  publicKeys: readonly string[];
  fingerprint: () => Promise<string>;
  storage: Storage;
  device: DeviceDescription;
  requireSignedAnswers: boolean;
  encryptFiles: boolean;
  offlineGraceHours: number;
  timeoutSeconds: number;
  retries: number;
  fetch: typeof globalThis.fetch;
  now: () => Date;
  crypto: PlatformCrypto;
};

/**
 * The settings that `options` mean.
 * @throws TypeError that names the option and what to give; UnsupportedPlatformError without WebCrypto.
 */
export function settle(options: ClientOptions): Settings {
  const { product, fingerprint } = options;
  if (!product) throw new TypeError("product: give the slug of the product, as the admin area shows it.");
  readPublicKeys(options.publicKeys);
  const kept = options.storage ?? browserStorage();
  if (!kept && fingerprint === undefined)
    throw new TypeError(
      "fingerprint: there is no storage to keep one in, and a new one at each start would take a seat each time. Give a fingerprint or a storage, or use createNodeClient of @latchkey/client/node.",
    );
  const storage = kept ?? memoryStorage();
  const crypto = requireCrypto(options.crypto);
  return {
    baseUrl: readBaseUrl(options.baseUrl),
    product,
    publicKeys: options.publicKeys,
    fingerprint: fingerprintReader(fingerprint ?? (() => storedFingerprint(storage, product, crypto))),
    storage: forgivingStorage(storage, options.onStorageError ?? (() => undefined)),
    device: options.device ?? {},
    requireSignedAnswers: options.requireSignedAnswers ?? false,
    encryptFiles: options.encryptFiles ?? false,
    offlineGraceHours: options.offlineGraceHours ?? 0,
    timeoutSeconds: options.timeoutSeconds ?? 8,
    retries: options.retries ?? 2,
    // A browser's fetch refuses to run as a method of anything but the window.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    now: options.now ?? (() => new Date()),
    crypto,
  };
}

function readBaseUrl(baseUrl: string): URL {
  let url: URL;
  try {
    url = new URL(baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`);
  } catch {
    throw new TypeError("baseUrl: give the address of the server, such as https://licenses.example.com.");
  }
  if (url.protocol === "https:" || url.protocol === "http:") return url;
  throw new TypeError("baseUrl: the address must begin with https:// or http://.");
}

/** Asks once; a failure is asked again the next time. */
function fingerprintReader(given: string | (() => string | Promise<string>)): () => Promise<string> {
  if (typeof given === "string") return async () => given;
  let known: Promise<string> | null = null;
  return () => {
    known ??= Promise.resolve()
      .then(given)
      .catch((error: unknown) => {
        known = null;
        throw error;
      });
    return known;
  };
}

/**
 * A random fingerprint, made once and kept in `storage`. In a browser that is one device per profile and origin: people
 * who clear the site's storage, or use a second browser, count as another device.
 */
export async function storedFingerprint(
  storage: Storage,
  product: string,
  given?: PlatformCrypto,
): Promise<string> {
  const name = `latchkey.${product}.device`;
  const known = await storage.get(name);
  if (known) return known;
  await storage.set(name, randomHex(requireCrypto(given), 16));
  // Read again: of two tabs that start together, both go on with what the last one wrote.
  const kept = await storage.get(name);
  if (kept) return kept;
  throw new Error(
    "The storage does not keep what is put in it, so this device would count as a new one each time.",
  );
}
