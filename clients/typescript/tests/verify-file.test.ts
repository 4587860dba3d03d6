import { expect, test } from "vitest";
import { type FileQuestion, type FileRefusal, verifyFile } from "#src/verify-file.ts";
import {
  certificate,
  createSigner,
  fingerprint,
  hour,
  issued,
  licenseFields,
  licenseKey,
  machineDocument,
  openEnvelope,
  sealFile,
  signToken,
} from "#tests/sealed-files.ts";

const signer = createSigner();
const stranger = createSigner();
const after = (hours: number) => new Date(issued.getTime() + hours * hour);

const question: FileQuestion = {
  publicKeys: [signer.publicKey],
  product: "lumen",
  fingerprint,
  now: after(1),
};
const plain = sealFile(signer, machineDocument(signer));
const encrypted = sealFile(signer, machineDocument(signer), { secret: licenseKey + fingerprint });

async function reasonOf(text: string, changes: Partial<FileQuestion> = {}): Promise<FileRefusal | "ok"> {
  const file = await verifyFile(text, { ...question, ...changes });
  return file.ok ? "ok" : file.reason;
}

test("a good machine file says what the license allows", async () => {
  const file = await verifyFile(plain, question);
  expect(file).toMatchObject({
    ok: true,
    kind: "machine",
    code: "VALID",
    license: {
      id: "lic_1",
      product: "lumen",
      policy: "lumen-pro",
      entitlements: { export: true },
      deviceLimit: 3,
      worksUntil: null,
    },
    device: { id: "dev_1", name: "Studio Mac" },
    issued,
    expiry: after(72),
  });
});

test("an encrypted machine file opens with the license key and the fingerprint", async () => {
  expect(await reasonOf(encrypted, { licenseKey })).toBe("ok");
});

test("an encrypted file opens however the person typed the key", async () => {
  for (const typed of [
    ` ${licenseKey} `,
    licenseKey.toLowerCase(),
    licenseKey.replaceAll("-", ""),
    licenseKey.replaceAll("-", " "),
  ])
    expect(await reasonOf(encrypted, { licenseKey: typed })).toBe("ok");
  const zeros = "LUMEN-0000-1111-4HBC-W8ZP-3VDN-6RFA-5JGS";
  const file = sealFile(signer, machineDocument(signer), { secret: zeros + fingerprint });
  expect(await reasonOf(file, { licenseKey: "lumen-ooO0-iIlL-4hbc-w8zp-3vdn-6rfa-5jgs" })).toBe("ok");
});

test("a key that came from another system is taken as it is, in either case", async () => {
  const foreign = "a1b2-legacy";
  const file = sealFile(signer, machineDocument(signer), { secret: foreign + fingerprint });
  expect(await reasonOf(file, { licenseKey: foreign })).toBe("ok");
  for (const imported of ["38b1460a-5104-4067-a91d-77b872934d51", "A1B2C3-D4E5F6-071829-3A4B5C-6D7E8F"]) {
    const sealed = sealFile(signer, machineDocument(signer), { secret: imported + fingerprint });
    for (const typed of [imported, imported.toLowerCase(), ` ${imported.toUpperCase()} `])
      expect(await reasonOf(sealed, { licenseKey: typed }), typed).toBe("ok");
  }
});

test("a license file without a device counts on any device", async () => {
  const { meta } = machineDocument(signer);
  const data = { type: "licenses", id: "lic_1", attributes: licenseFields() };
  const file = sealFile(signer, { meta, data }, { kind: "license" });
  expect(await verifyFile(file, question)).toMatchObject({ ok: true, kind: "license", device: null });
});

test("a license file that names a device counts on that one only", async () => {
  const { meta, data: machine } = machineDocument(signer);
  const data = { type: "licenses", id: "lic_1", attributes: licenseFields() };
  const file = sealFile(signer, { meta, data, included: [machine] }, { kind: "license" });
  expect(await reasonOf(file)).toBe("ok");
  expect(await reasonOf(file, { fingerprint: "another" })).toBe("wrong-device");
});

test("a machine file without a machine, or without its fingerprint, counts nowhere", async () => {
  const { meta, included } = machineDocument(signer);
  const data = { type: "licenses", id: "lic_1", attributes: licenseFields() };
  expect(await reasonOf(sealFile(signer, { meta, data }))).toBe("malformed");
  const nameless = { type: "machines", id: "dev_1", attributes: { name: "Studio Mac" } };
  expect(await reasonOf(sealFile(signer, { meta, data: nameless, included }))).toBe("malformed");
  const file = sealFile(signer, { meta, data, included: [nameless] }, { kind: "license" });
  expect(await reasonOf(file)).toBe("malformed");
});

test("a license file cannot be passed off as a machine file", async () => {
  const file = sealFile(signer, machineDocument(signer), { kind: "license" });
  expect(await reasonOf(file.replaceAll("LICENSE FILE", "MACHINE FILE"))).toBe("altered");
});

test("line ends and blanks that mail programs change do not matter", async () => {
  expect(await reasonOf(`\r\n  ${plain.replaceAll("\n", "\r\n\t")}`)).toBe("ok");
});

test("malformed: text that is no file, a piece of one, or a signed document of another kind", async () => {
  const envelope = openEnvelope(plain);
  for (const text of [
    "",
    "hello",
    plain.slice(0, -20),
    plain.split("\n").toSpliced(3, 1).join("\n"),
    certificate("machine", { ...envelope, alg: "rsa-sha256" }),
    certificate("machine", { ...envelope, alg: "none" }),
    certificate("machine", { ...envelope, sig: "" }),
    certificate("machine", { ...envelope, sig: 7 }),
    certificate("machine", { enc: envelope.enc }),
    certificate("machine", []),
    sealFile(signer, { hello: "world" }),
    sealFile(signer, []),
    sealFile(signer, { ...machineDocument(signer), included: [] }),
    sealFile(signer, { ...machineDocument(signer), meta: { issued: "yesterday", expiry: null } }),
  ])
    expect(await reasonOf(text)).toBe("malformed");
});

test("malformed: an end that cannot be read is not taken for no end", async () => {
  const document = machineDocument(signer);
  const attributes = { ...licenseFields(), worksUntil: "someday" };
  const included = [{ type: "licenses", id: "lic_1", attributes }];
  expect(await reasonOf(sealFile(signer, { ...document, included }))).toBe("malformed");
});

test("altered: another document under the old signature, plain and encrypted", async () => {
  const better = machineDocument(signer, { worksUntil: after(9_999) });
  const enc = Buffer.from(JSON.stringify(better)).toString("base64");
  expect(await reasonOf(certificate("machine", { ...openEnvelope(plain), enc }))).toBe("altered");
  const sealed = openEnvelope(encrypted);
  const other = openEnvelope(sealFile(signer, better, { secret: licenseKey + fingerprint }));
  expect(await reasonOf(certificate("machine", { ...sealed, enc: other.enc }), { licenseKey })).toBe(
    "altered",
  );
});

test("altered is said before anything in the file is believed", async () => {
  const expired = machineDocument(signer, { product: "umbra", expiry: after(-1) });
  const enc = Buffer.from(JSON.stringify(expired)).toString("base64");
  expect(await reasonOf(certificate("machine", { ...openEnvelope(plain), enc }))).toBe("altered");
});

test("unknown-key: signed by somebody else, plain and encrypted", async () => {
  expect(await reasonOf(sealFile(stranger, machineDocument(stranger)))).toBe("unknown-key");
  const secret = licenseKey + fingerprint;
  const file = sealFile(stranger, machineDocument(stranger), { secret });
  expect(await reasonOf(file, { licenseKey })).toBe("unknown-key");
});

test("a stranger who writes our key id into his file gains nothing", async () => {
  expect(await reasonOf(sealFile(stranger, machineDocument(signer)))).toBe("altered");
});

test("after a rotation files of the old and of the new key count, in either order", async () => {
  const next = createSigner();
  for (const publicKeys of [
    [signer.publicKey, next.publicKey],
    [next.publicKey, signer.publicKey],
  ]) {
    expect(await reasonOf(plain, { publicKeys })).toBe("ok");
    expect(await reasonOf(sealFile(next, machineDocument(next)), { publicKeys })).toBe("ok");
  }
});

test("wrong-product", async () => {
  expect(await reasonOf(plain, { product: "umbra" })).toBe("wrong-product");
});

test("wrong-device", async () => {
  expect(await reasonOf(plain, { fingerprint: "studio-mac-2" })).toBe("wrong-device");
});

test("wrong-license-key: another key, none, or another device's encrypted file", async () => {
  expect(await reasonOf(encrypted, { licenseKey: licenseKey.replace("7K2M", "7K2N") })).toBe(
    "wrong-license-key",
  );
  expect(await reasonOf(encrypted)).toBe("wrong-license-key");
  expect(await reasonOf(encrypted, { licenseKey, fingerprint: "another" })).toBe("wrong-license-key");
});

test("clock-rolled-back: a clock more than five minutes before the file was made", async () => {
  expect(await reasonOf(plain, { now: new Date(issued.getTime() - 5 * 60_000) })).toBe("ok");
  expect(await reasonOf(plain, { now: new Date(issued.getTime() - 5 * 60_000 - 1) })).toBe(
    "clock-rolled-back",
  );
});

test("clock-rolled-back: a clock more than five minutes before the latest time seen", async () => {
  const lastSeenTime = after(10);
  expect(await reasonOf(plain, { lastSeenTime, now: new Date(after(10).getTime() - 5 * 60_000) })).toBe("ok");
  expect(await reasonOf(plain, { lastSeenTime, now: after(9) })).toBe("clock-rolled-back");
});

test("file-expired: from its expiry on, and after the grace the app gives", async () => {
  expect(await reasonOf(plain, { now: after(72) })).toBe("ok");
  const late = new Date(after(72).getTime() + 1);
  expect(await reasonOf(plain, { now: late })).toBe("file-expired");
  expect(await reasonOf(plain, { now: late, offlineGraceHours: 24 })).toBe("ok");
  expect(await reasonOf(plain, { now: after(97), offlineGraceHours: 24 })).toBe("file-expired");
});

test("a file without an expiry counts as long as the license", async () => {
  const file = sealFile(signer, machineDocument(signer, { expiry: null, worksUntil: after(1_000) }));
  expect(await reasonOf(file, { now: after(999) })).toBe("ok");
  expect(await reasonOf(file, { now: after(1_000) })).toBe("license-expired");
});

test("license-expired: at its end, after its grace, whatever grace the app gives files", async () => {
  const file = sealFile(signer, machineDocument(signer, { validUntil: after(10), worksUntil: after(20) }));
  const at = (hours: number) => verifyFile(file, { ...question, now: after(hours), offlineGraceHours: 24 });
  expect(await at(9)).toMatchObject({ ok: true, code: "VALID" });
  expect(await at(10)).toMatchObject({ ok: true, code: "GRACE" });
  expect(await at(20)).toMatchObject({ ok: false, reason: "license-expired" });
});

test("no file with a single changed bit counts, and none that was cut", async () => {
  const bytes = Buffer.from(plain.trimEnd());
  const good: string[] = [];
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    if ((await reasonOf(changed.toString("latin1"))) === "ok") good.push(`bit ${bit}`);
  }
  for (let length = 0; length < bytes.length; length++) {
    if ((await reasonOf(bytes.toString("latin1", 0, length))) === "ok") good.push(`length ${length}`);
  }
  expect(good).toEqual([]);
});

test("no encrypted file with a changed byte of its content counts", async () => {
  const envelope = openEnvelope(encrypted);
  for (let at = 0; at < envelope.enc.length; at += 7) {
    const letter = envelope.enc[at] === "A" ? "B" : "A";
    const enc = envelope.enc.slice(0, at) + letter + envelope.enc.slice(at + 1);
    expect(await reasonOf(certificate("machine", { ...envelope, enc }), { licenseKey })).not.toBe("ok");
  }
});

test("a token says what a file says, in short", async () => {
  const token = signToken(signer);
  expect(await verifyFile(token.replace(/(.{40})/g, "$1\n"), question)).toMatchObject({
    ok: true,
    kind: "token",
    license: { id: "lic_1", product: "lumen", policy: "lumen-pro", entitlements: { export: true } },
    device: null,
    issued,
    expiry: after(72),
  });
});

test("a token is refused for the same reasons as a file", async () => {
  const token = signToken(signer);
  const [header = "", claims = "", signature = ""] = token.split(".");
  const better = Buffer.from(claims, "base64url").toString().replace("lumen-pro", "lumen-max");
  const forged = `${header}.${Buffer.from(better).toString("base64url")}.${signature}`;
  const hours = (count: number) => ({ now: after(count) });
  const refusals: [string, Partial<FileQuestion>, string][] = [
    [token.slice(0, -2), {}, "malformed"],
    [`${header}.${claims}.`, {}, "malformed"],
    [signToken(signer, {}, { alg: "none" }), {}, "malformed"],
    [signToken(signer, { exp: undefined }), {}, "malformed"],
    [signToken(signer, { fingerprint: undefined }), {}, "malformed"],
    [forged, {}, "altered"],
    [signToken(stranger), {}, "unknown-key"],
    [signToken(stranger, {}, { kid: signer.keyId }), {}, "altered"],
    [token, { product: "umbra" }, "wrong-product"],
    [token, { fingerprint: "another" }, "wrong-device"],
    [token, hours(-1), "clock-rolled-back"],
    [token, hours(73), "file-expired"],
  ];
  for (const [text, changes, reason] of refusals) expect(await reasonOf(text, changes)).toBe(reason);
});

test("a token ends with the license, whatever grace the app gives", async () => {
  const grace = { offlineGraceHours: 1_000 };
  const inGrace = signToken(signer, { validUntil: after(10) });
  expect(await verifyFile(inGrace, { ...question, now: after(11) })).toMatchObject({
    ok: true,
    code: "GRACE",
  });
  expect(await reasonOf(inGrace, { ...grace, now: after(73) })).toBe("license-expired");
  const longer = signToken(signer, { validUntil: after(100) });
  expect(await reasonOf(longer, { ...grace, now: after(99) })).toBe("ok");
  expect(await reasonOf(longer, { ...grace, now: after(100) })).toBe("license-expired");
});

test("no token with a single changed bit counts", async () => {
  const bytes = Buffer.from(signToken(signer));
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    if ((await reasonOf(changed.toString("latin1"))) === "ok") expect.fail(`bit ${bit}`);
  }
});

test("a public key that is none is an error that says what one looks like", async () => {
  for (const publicKeys of [[], ["abc"], [Buffer.alloc(31).toString("base64")]])
    await expect(verifyFile(plain, { ...question, publicKeys })).rejects.toThrow(/32 bytes in base64/);
});

test("a platform without Ed25519 says so and never judges", async () => {
  const { subtle } = globalThis.crypto;
  const crypto = {
    getRandomValues: (bytes: Uint8Array<ArrayBuffer>) => globalThis.crypto.getRandomValues(bytes),
    subtle: {
      digest: (algorithm: string, bytes: Uint8Array<ArrayBuffer>) => subtle.digest(algorithm, bytes),
      importKey: async () => {
        throw new DOMException("Unrecognized name.", "NotSupportedError");
      },
      verify: async () => true,
      decrypt: async () => new ArrayBuffer(0),
    },
  };
  await expect(verifyFile(plain, { ...question, crypto })).rejects.toThrow(/Chromium 137, Firefox 129/);
});
