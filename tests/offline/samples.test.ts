// The sample programs of docs/offline, run as a reader would run them, against files the site made.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { checkOutFile, sealLicenseFile } from "#app/domain/license-file/license-file.server.ts";
import { publicKeys } from "#app/domain/signing-key/signing-key.server.ts";
import {
  aFileLicense,
  type Check,
  device,
  hours,
  licenseKey,
  loadTypescriptSample,
  madeAt,
  type Verdict,
} from "#tests/offline/files.ts";
import { findOrInstallPython } from "#tests/setup/python.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const verifyInTypescript = await loadTypescriptSample();
const python = findOrInstallPython();
const keys = (await publicKeys()).map(({ publicKey }) => publicKey);
const folder = mkdtempSync(join(tmpdir(), "latchkey-offline-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function made(overrides: Parameters<typeof aFileLicense>[0] = {}, encryptedFor: string | null = null) {
  const file = await checkOutFile({
    license: aFileLicense(overrides),
    device,
    licenseKey: encryptedFor,
    now: madeAt,
  });
  if (!file) throw new Error("This policy gives no files.");
  return file.certificate;
}

const good: Check = { publicKeys: keys, product: "lumen", fingerprint: device.fingerprint, now: hours(1) };
const plain = await made();
const sealed = await made({}, licenseKey);
const shortLived = aFileLicense().facts;
const stranger = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const altered = plain.replace(/\n(.{20})(.)/, (_, head, letter) => `\n${head}${letter === "A" ? "B" : "A"}`);
const ofLicense = await sealLicenseFile({
  document: {
    meta: { issued: madeAt.toISOString(), expiry: hours(24).toISOString(), ttl: 86_400 },
    data: { type: "licenses", id: "lic_1", attributes: { product: "lumen", worksUntil: null } },
  },
  licenseKey,
});

/** Each file with the answer that any program must give. */
const cases: { name: string; text: string; check: Check; expected: string }[] = [
  { name: "a plain file", text: plain, check: good, expected: "good" },
  { name: "pasted with blanks around it", text: `\n  ${plain}\n\n`, check: good, expected: "good" },
  { name: "with Windows line ends", text: plain.replaceAll("\n", "\r\n"), check: good, expected: "good" },
  { name: "an encrypted file", text: sealed, check: { ...good, licenseKey }, expected: "good" },
  { name: "an encrypted license file", text: ofLicense, check: { ...good, licenseKey }, expected: "good" },
  {
    name: "an older key of several",
    text: plain,
    check: { ...good, publicKeys: [stranger, ...keys] },
    expected: "good",
  },
  {
    name: "the clock a little slow",
    text: plain,
    check: { ...good, now: hours(-0.05) },
    expected: "good",
  },
  { name: "empty", text: "", check: good, expected: "malformed" },
  { name: "a web page", text: "<html>Sign in</html>", check: good, expected: "malformed" },
  {
    name: "another kind of file",
    text: plain.replaceAll("MACHINE", "LICENSE"),
    check: good,
    expected: "bad-signature",
  },
  { name: "one letter altered", text: altered, check: good, expected: "malformed|bad-signature" },
  {
    name: "somebody else's key",
    text: plain,
    check: { ...good, publicKeys: [stranger] },
    expected: "bad-signature",
  },
  {
    name: "no license key for an encrypted file",
    text: sealed,
    check: good,
    expected: "wrong-key-or-device",
  },
  {
    name: "another license key",
    text: sealed,
    check: { ...good, licenseKey: `${licenseKey}X` },
    expected: "wrong-key-or-device",
  },
  {
    name: "an encrypted file on another device",
    text: sealed,
    check: { ...good, licenseKey, fingerprint: "another" },
    expected: "wrong-key-or-device",
  },
  {
    name: "another device",
    text: plain,
    check: { ...good, fingerprint: "another" },
    expected: "wrong-device",
  },
  { name: "another product", text: plain, check: { ...good, product: "aria" }, expected: "wrong-product" },
  {
    name: "the clock before the file was made",
    text: plain,
    check: { ...good, now: hours(-1) },
    expected: "clock-rolled-back",
  },
  {
    name: "the clock before the last start",
    text: plain,
    check: { ...good, now: hours(2), lastSeen: hours(3) },
    expected: "clock-rolled-back",
  },
  { name: "after a day", text: plain, check: { ...good, now: hours(24) }, expected: "file-expired" },
  {
    name: "a license that ends before its file",
    text: await made({ facts: { ...shortLived, paidUntil: hours(2) } }),
    check: { ...good, now: hours(2) },
    expected: "license-expired",
  },
  {
    name: "a license in grace",
    text: await made({ facts: { ...shortLived, paidUntil: hours(-2), graceUntil: hours(5) } }),
    check: good,
    expected: "good",
  },
];

const wordOf = (verdict: Verdict | undefined) =>
  verdict === undefined ? "no answer" : "reason" in verdict ? verdict.reason : "good";

test("the TypeScript sample opens what is good and refuses everything else with its own reason", () => {
  for (const { name, text, check, expected } of cases)
    expect(expected.split("|"), name).toContain(wordOf(verifyInTypescript(text, check)));
  expect(verifyInTypescript(sealed, { ...good, licenseKey })).toEqual({
    license: {
      product: "lumen",
      policy: "lumen-pro",
      code: "VALID",
      status: "active",
      validUntil: hours(24 * 365).toISOString(),
      worksUntil: hours(24 * 365).toISOString(),
      updatesUntil: hours(24 * 365).toISOString(),
      entitlements: { export: true, channels: 8 },
      deviceLimit: 3,
    },
  });
});

/** Reads the cases from its input and answers them through the sample's own function. */
const driver = `
import json, sys
sys.path.insert(0, "docs/offline")
import verify
def answer(text, publicKeys, product, fingerprint, now, licenseKey="", lastSeen=None):
    try:
        return {"license": verify.verify_file(
            text, public_keys=publicKeys, product=product, fingerprint=fingerprint, license_key=licenseKey,
            now=verify.instant(now), last_seen=lastSeen and verify.instant(lastSeen))}
    except verify.Refused as refused:
        return {"reason": refused.reason}
print(json.dumps([answer(each["text"], **each["check"]) for each in json.load(sys.stdin)]))
`;

test("the Python sample gives the same answers, with cryptography instead of Node's own code", () => {
  const output = execFileSync(python, ["-B", "-c", driver], {
    input: JSON.stringify(cases),
    encoding: "utf8",
  });
  const verdicts = JSON.parse(output) as Verdict[]; // the driver above prints one for each case
  cases.forEach(({ name, text, check, expected }, n) => {
    const verdict = verdicts[n];
    expect(expected.split("|"), name).toContain(wordOf(verdict));
    if (expected === "good") expect(verdict, name).toEqual(verifyInTypescript(text, check));
  });
});

for (const { language, command } of [
  { language: "TypeScript", command: [process.execPath, "--import", "tsx", "docs/offline/verify.ts"] },
  { language: "Python", command: [python, "-B", "docs/offline/verify.py"] },
])
  test(`the ${language} sample is a program: it prints the license, or refuses and fails`, async () => {
    const file = join(folder, "license.lic");
    const made = await checkOutFile({ license: aFileLicense(), device, licenseKey, now: new Date() });
    writeFileSync(file, made?.certificate ?? "");
    const [program = "", ...start] = command;
    const run = (fingerprint: string) =>
      spawnSync(
        program,
        [
          ...start,
          file,
          "--public-key",
          stranger,
          "--public-key",
          keys[0] ?? "",
          "--product",
          "lumen",
        ].concat(["--fingerprint", fingerprint, "--license-key", licenseKey]),
        { encoding: "utf8" },
      );
    const opened = run(device.fingerprint);
    expect(opened.stderr).toBe("");
    expect(JSON.parse(opened.stdout)).toMatchObject({ product: "lumen", deviceLimit: 3 });
    const refused = run("another");
    expect([refused.status, refused.stdout, refused.stderr.trim()]).toEqual([
      1,
      "",
      "Refused: wrong-key-or-device",
    ]);
  });
