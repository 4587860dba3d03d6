import { spawnSync } from "node:child_process";
import { installSystemPackages } from "#tests/setup/system-package.ts";

/**
 * The OpenSSL command line, for the tests that check our signatures with it.
 * @throws Error that says how to get it when it can be neither found nor installed.
 */
export function findOrInstallOpenssl(): string {
  const isThere = () => spawnSync("openssl", ["version"]).status === 0;
  if (!isThere()) installSystemPackages(["openssl"]);
  if (isThere()) return "openssl";
  throw new Error("There is no openssl command. Install OpenSSL 3 (Debian: apt-get install openssl).");
}
