import { spawnSync } from "node:child_process";
import { installSystemPackages } from "#tests/setup/system-package.ts";

/**
 * A Python with the package `cryptography`, for the tests that check our files with somebody else's code.
 * @throws Error that says how to get one when it can be neither found nor installed.
 */
export function findOrInstallPython(): string {
  const python = process.env.PYTHON ?? "python3";
  if (hasCryptography(python)) return python;
  console.log("No Python with cryptography found; installing it.");
  if (!installSystemPackages(["python3", "python3-cryptography"]))
    spawnSync(python, ["-m", "pip", "install", "--user", "cryptography"], { stdio: "inherit" });
  if (hasCryptography(python)) return python;
  throw new Error(
    "No Python with cryptography could be installed. Install it (Debian: apt-get install python3-cryptography) or set PYTHON to one that has it.",
  );
}

function hasCryptography(python: string): boolean {
  return spawnSync(python, ["-c", "import cryptography"]).status === 0;
}
