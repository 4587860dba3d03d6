import { createHmac, hkdfSync } from "node:crypto";

/** How the licenses of the bench are found: the HMAC of the key's characters, with nothing forgiven. */
export function deriveLookup(): (key: string) => string {
  const master = Buffer.from(process.env.MASTER_KEY ?? "", "base64");
  const secret = Buffer.from(hkdfSync("sha256", master, "latchkey", "license-key-lookup", 32));
  return (key) => createHmac("sha256", secret).update(key.replaceAll("-", "").slice(-28)).digest("hex");
}
