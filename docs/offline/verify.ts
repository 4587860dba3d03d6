// Checks a Latchkey license file without a connection. Node 20 or newer, no dependencies.
//
//   npx tsx verify.ts license.lic --product lumen --fingerprint "$DEVICE" --public-key BASE64 [--license-key KEY]
//
// Copy `verifyFile` into your app. Ship the public keys with the app: a key that comes with the file proves nothing.
import { createDecipheriv, createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

export type Reason =
  | "malformed" // not a license file at all
  | "bad-signature" // altered, or not signed by any of your keys
  | "wrong-key-or-device" // encrypted for another license key or another device
  | "wrong-device"
  | "wrong-product"
  | "clock-rolled-back" // the file is from the future, or the clock went back since the last start
  | "file-expired" // connect once to get a new file
  | "license-expired";

export class Refused extends Error {
  readonly reason: Reason;
  constructor(reason: Reason) {
    super(reason);
    this.reason = reason;
  }
}

export type Check = {
  /** From the admin area, base64; the active one and those that are verify-only. */
  publicKeys: string[];
  product: string;
  fingerprint: string;
  /** Only encrypted files need it. */
  licenseKey?: string | undefined;
  now: Date;
  /** The latest time your app has ever seen; keep it where a user does not look, and raise it at every start. */
  lastSeen?: Date | undefined;
};

export type License = {
  product: string;
  policy: string;
  code: string;
  status: string;
  validUntil: string | null;
  worksUntil: string | null;
  updatesUntil: string | null;
  entitlements: Record<string, unknown>;
  deviceLimit: number | null;
};

type Resource = { type: string; id: string; attributes: Record<string, unknown> };
type FileDocument = { meta: { issued: string; expiry: string }; data: Resource; included?: Resource[] };

const toleranceMs = 5 * 60_000;

/** The license in the file, once everything about it is proven. Throws Refused with the reason otherwise. */
export function verifyFile(text: string, check: Check): License {
  const { kind, enc, sig, encrypted } = readCertificate(text);
  const signed = Buffer.from(`${kind}/${enc}`);
  const signature = strictBase64(sig);
  // The signature comes first: nothing below looks at bytes that nobody vouches for.
  if (!check.publicKeys.some((key) => verify(null, signed, publicKey(key), signature)))
    throw new Refused("bad-signature");
  const document = JSON.parse(encrypted ? decrypt(kind, enc, check) : decode(enc)) as FileDocument;
  return judge(document, check);
}

function readCertificate(text: string) {
  const found = /^-----BEGIN (LICENSE|MACHINE) FILE-----([A-Za-z0-9+/=\r\n]+)-----END \1 FILE-----$/.exec(
    text.trim(),
  );
  if (!found?.[1] || !found[2]) throw new Refused("malformed");
  const { enc, sig, alg } = parseObject(decode(found[2].replace(/[\r\n]/g, "")));
  if (typeof enc !== "string" || typeof sig !== "string") throw new Refused("malformed");
  // Nothing else is ever accepted: which algorithms count is the app's decision, not the file's.
  if (alg !== "base64+ed25519" && alg !== "aes-256-gcm+ed25519") throw new Refused("malformed");
  return { kind: found[1].toLowerCase(), enc, sig, encrypted: alg === "aes-256-gcm+ed25519" };
}

function parseObject(json: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(json));
  } catch {
    throw new Refused("malformed");
  }
}

/** Node reads past characters that are not base64; a file with such characters is not one we made. */
function strictBase64(text: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") !== text) throw new Refused("malformed");
  return bytes;
}

const decode = (text: string): string => strictBase64(text).toString("utf8");

function publicKey(base64: string) {
  const x = Buffer.from(base64, "base64").toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
}

function decrypt(kind: string, enc: string, check: Check): string {
  const [ciphertext, iv, tag] = enc.split(".").map(strictBase64);
  if (!ciphertext || iv?.length !== 12 || tag?.length !== 16) throw new Refused("malformed");
  const secret = (check.licenseKey ?? "") + (kind === "machine" ? check.fingerprint : "");
  const decipher = createDecipheriv("aes-256-gcm", createHash("sha256").update(secret).digest(), iv);
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString("utf8");
  } catch {
    throw new Refused("wrong-key-or-device");
  }
}

function judge(document: FileDocument, check: Check): License {
  const { meta, data, included = [] } = document;
  const resources = [data, ...included];
  const device = resources.find(({ type }) => type === "machines");
  const license = resources.find(({ type }) => type === "licenses");
  if (!license) throw new Refused("malformed");
  if (device && device.attributes.fingerprint !== check.fingerprint) throw new Refused("wrong-device");
  if (license.attributes.product !== check.product) throw new Refused("wrong-product");
  const now = check.now.getTime();
  const latest = Math.max(Date.parse(meta.issued), check.lastSeen?.getTime() ?? 0);
  if (latest > now + toleranceMs) throw new Refused("clock-rolled-back");
  if (Date.parse(meta.expiry) <= now) throw new Refused("file-expired");
  const facts = license.attributes as License; // ours, by the signature
  if (facts.worksUntil !== null && Date.parse(facts.worksUntil) <= now) throw new Refused("license-expired");
  return facts;
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      "public-key": { type: "string", multiple: true, default: [] },
      product: { type: "string", default: "" },
      fingerprint: { type: "string", default: "" },
      "license-key": { type: "string" },
    },
  });
  try {
    const license = verifyFile(readFileSync(positionals[0] ?? "license.lic", "utf8"), {
      publicKeys: values["public-key"],
      product: values.product,
      fingerprint: values.fingerprint,
      licenseKey: values["license-key"],
      now: new Date(),
    });
    console.log(JSON.stringify(license, null, 2));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    console.error(`Refused: ${error.reason}`);
    process.exitCode = 1;
  }
}

if (import.meta.filename === process.argv[1]) main();
