// reliability.md, row 54: a file that was altered in any way verifies nowhere.
import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { checkOutFile } from "#app/domain/license-file/license-file.server.ts";
import { signingKey } from "#app/domain/signing-key/signing-key.server.ts";
import {
  aFileLicense,
  device,
  hours,
  licenseKey,
  loadTypescriptSample,
  madeAt,
} from "#tests/offline/files.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const verifyFile = await loadTypescriptSample();
const { publicKey } = await signingKey();
const { fingerprint } = device;
const check = { publicKeys: [publicKey], product: "lumen", fingerprint, licenseKey, now: hours(1) };

async function made(encryptedFor: string | null) {
  const license = aFileLicense();
  const file = await checkOutFile({ license, device, licenseKey: encryptedFor, now: madeAt });
  // The line end after the last line may get lost in any mail; it is no part of the file.
  return (file?.certificate ?? "").trim();
}

/** The payload of a certificate, altered and wrapped again: reaches deeper than a flip of the outer text. */
function rewrapped(certificate: string, alter: (payload: Buffer) => Buffer): string {
  const lines = certificate.split("\n");
  const payload = alter(Buffer.from(lines.slice(1, -1).join(""), "base64"));
  return [lines[0], payload.toString("base64"), lines.at(-1)].join("\n");
}

function withBitFlipped(bytes: Buffer): Buffer {
  const altered = Buffer.from(bytes);
  const n = randomInt(altered.length * 8);
  altered[n >> 3] = (altered[n >> 3] ?? 0) ^ (1 << (n & 7));
  return altered;
}

for (const { name, encryptedFor } of [
  { name: "a plain", encryptedFor: null },
  { name: "an encrypted", encryptedFor: licenseKey },
])
  test(`of 10,000 ways to alter one bit of ${name} file or to cut it, none verifies`, async () => {
    const certificate = await made(encryptedFor);
    const bytes = Buffer.from(certificate);
    expect(verifyFile(certificate, check)).toMatchObject({ license: { product: "lumen" } });
    for (let n = 0; n < 2_500; n++) {
      const altered = [
        withBitFlipped(bytes).toString("utf8"),
        rewrapped(certificate, withBitFlipped),
        bytes.subarray(0, randomInt(bytes.length)).toString("utf8"),
        rewrapped(certificate, (payload) => payload.subarray(0, randomInt(payload.length))),
      ];
      for (const text of altered) expect(verifyFile(text, check), text).toHaveProperty("reason");
    }
  });

test("what one file says cannot be put into another", async () => {
  const [one, other] = [await made(null), await made(licenseKey)];
  const payloadOf = (text: string) =>
    JSON.parse(Buffer.from(text.split("\n").slice(1, -1).join(""), "base64").toString());
  const [a, b] = [payloadOf(one), payloadOf(other)];
  for (const mixed of [
    { ...a, enc: b.enc },
    { ...a, sig: b.sig },
    { ...a, alg: b.alg },
    { ...b, alg: a.alg },
    { ...a, alg: "none" },
    { ...a, alg: undefined },
    { ...a, sig: "" },
  ]) {
    const text = rewrapped(one, () => Buffer.from(JSON.stringify(mixed)));
    expect(verifyFile(text, check)).toHaveProperty("reason");
  }
});
