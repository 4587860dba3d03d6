import { createDecipheriv, createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createApiKey } from "#app/domain/api-key/api-key.server.ts";
import { scopes } from "#app/domain/api-key/scopes.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { listLicenses } from "#app/domain/license/license.queries.server.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { normalizeKey } from "#app/domain/license/license-key.ts";
import { db } from "#app/infra/db.server.ts";
import { callApi, chooseSettings, startApi } from "#tests/api/api-server.ts";
import { questionsDuring } from "#tests/api/counted-questions.ts";
import { publicQuestions } from "#tests/api/public-questions.ts";
import { aLicense, aPolicy, aProduct } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const { url } = await startApi();
const product = await aProduct({ slug: "lumen", keyPrefix: "LUMEN" });
await aPolicy({ productId: product.id, slug: "lumen-pro", deviceLimit: null, offlineHours: 48 });
const { key: apiKey } = await createApiKey({
  ...{ name: "Move", scopes: [...scopes], expiresAt: null, createdBy: "test" },
  ...{ actor: systemActor("test"), now: new Date(), requestId: null },
});
const headers = { Authorization: `Bearer ${apiKey}` };
const ask = (path: string, body?: unknown, method?: string) =>
  callApi(url + path, { headers, ...(body !== undefined && { body }), ...(method && { method }) });

const uuid = "38b1460a-5104-4067-a91d-77b872934d51";
const keys = {
  "Lemon Squeezy's UUID": uuid,
  "hex groups of Simple License Server": "A1B2C3-D4E5F6-071829-3A4B5C-6D7E8F",
  "AuthForge's groups": "K7QP-3MXW-9RTV-2HNB",
  "hex groups of Cryptlex": "8E4C2A-1B7D90-5F3E66-A0C9D4-27B15E-C3F8A6",
  "Keygen's text": "key/eyJhY2NvdW50Ijp7ImlkIjoiMWZkZGNlYzgifX0=.Tk9UX0FfU0lHTkFUVVJF",
};

type Made = { licenses: { id: string; key: string; maskedKey?: string }[] };
async function importKey(key: string, more: object = {}): Promise<{ id: string; key: string }> {
  const answer = await ask("/api/v1/licenses", { policy: "lumen-pro", key, ...more });
  expect(answer).toMatchObject({ status: 201, body: { licenses: [{ key }] } });
  const [license] = (answer.body as Made).licenses;
  if (!license) throw new Error("There is no license in the answer.");
  return license;
}

/** A UUID whose last 28 digits happen to have right check characters, as one in 1,024 does. */
function aUuidLikeOurs(): string {
  for (let n = 0; n < 100_000; n++) {
    const found = `0b5e7c1d-93a2-4f68-8e04-${(0x5a1f00000000 + n).toString(16)}`;
    if (normalizeKey(found)) return found;
  }
  throw new Error("None was found.");
}

test("before the first import no other text is looked up; then this process knows at once", async () => {
  const { comparable, ask: validate, isKnown } = publicQuestions[0] ?? noQuestion();
  expect(await questionsDuring(() => validate(url, uuid))).toBe(0);
  const before = await validate(url, uuid);
  const { id } = await importKey(uuid);
  expect(await questionsDuring(() => validate(url, uuid.replace("3", "4")))).toBe(1);
  expect(isKnown(await validate(url, uuid))).toBe(true);
  const unknown = uuid.replace("3", "4");
  expect(comparable(await validate(url, unknown), unknown)).toEqual(comparable(before, uuid));
  const [setting] = await db().auditLog.findMany({ where: { event: "setting.changed" } });
  expect(setting).toMatchObject({ actorLabel: "Move", after: { importedKeys: "accepted" } });
  const issued = await db().auditLog.findFirst({ where: { licenseId: id, event: "license.issued" } });
  expect(issued?.after).toMatchObject({ imported: true });
  await importKey(aUuidLikeOurs());
  for (const key of Object.values(keys).slice(1)) await importKey(key);
});

test.each(publicQuestions)("$name: imported keys are found however a person types them", async (question) => {
  for (const [system, key] of [...Object.entries(keys), ["one like ours", aUuidLikeOurs()] as const]) {
    const typed = [key, key.toLowerCase(), key.toUpperCase(), key.replaceAll("-", ""), ` ${key} `];
    typed.push(key.replaceAll("-", " "), key.replaceAll("-", " - "));
    for (const text of typed)
      expect(question.isKnown(await question.ask(url, text)), `${system}: ${text}`).toBe(true);
    // Of one that passes for ours what stands in front counts as the prefix.
    const others = [`${key.slice(0, -1)}7`, ...(normalizeKey(key) ? [] : [`X${key.slice(1)}`])];
    for (const other of others)
      expect(question.isKnown(await question.ask(url, other)), `${system}: ${other}`).toBe(false);
  }
});

test.each(publicQuestions)(
  "$name: a mistyped key of ours is still refused without a question",
  async (question) => {
    const key = readKey(await aLicense({ productId: product.id }));
    const unknown = uuid.replace("3", "9");
    for (let at = "LUMEN-".length; at < key.length; at += 3) {
      if (key.charAt(at) === "-") continue;
      for (const wrong of [key.charAt(at) === "7" ? "8" : "7", "U"]) {
        const mistyped = key.slice(0, at) + wrong + key.slice(at + 1);
        let answer = await question.ask(url, unknown);
        const expected = question.comparable(answer, unknown);
        expect(await questionsDuring(async () => (answer = await question.ask(url, mistyped)))).toBe(0);
        expect(question.comparable(answer, mistyped)).toEqual(expected);
      }
    }
    expect(await questionsDuring(() => question.ask(url, unknown))).toBe(1);
  },
);

test("answers write the key as it was imported, whatever was typed", async () => {
  const body = { license_key: uuid.toUpperCase().replaceAll("-", " ") };
  expect((await callApi(`${url}/v1/licenses/validate`, { body })).body).toMatchObject({
    license_key: { key: uuid },
  });
  const meta = { key: keys["Keygen's text"].toUpperCase() };
  const keygen = await callApi(`${url}/v1/accounts/x/licenses/actions/validate-key`, { body: { meta } });
  expect(keygen.body).toMatchObject({
    data: { attributes: { key: keys["Keygen's text"] } },
    meta: { valid: true },
  });
});

test("an encrypted license file opens with the imported key as it is written", async () => {
  const body = { product: "lumen", key: uuid.toUpperCase(), fingerprint: "mac-1" };
  await callApi(`${url}/api/v1/licenses/activate`, { body });
  const answer = await callApi(`${url}/api/v1/licenses/check-out`, { body: { ...body, encrypted: true } });
  expect(answer).toMatchObject({ status: 200, body: { valid: true } });
  const { certificate } = answer.body as { certificate: string };
  expect(opened(certificate, `${uuid}mac-1`)).toContain("lumen");
  expect(() => opened(certificate, `${uuid.toUpperCase()}mac-1`)).toThrow();
});

/** What an encrypted certificate holds: Keygen's published steps. */
function opened(certificate: string, secret: string): string {
  const body = certificate.replace(/-----[A-Z ]+-----|\s/g, "");
  const { enc } = JSON.parse(Buffer.from(body, "base64").toString("utf8")) as { enc: string };
  const [sealed = "", iv = "", tag = ""] = enc.split(".");
  const secretKey = createHash("sha256").update(secret).digest();
  const decipher = createDecipheriv("aes-256-gcm", secretKey, Buffer.from(iv, "base64"));
  decipher.setAuthTag(Buffer.from(tag, "base64"));
  return decipher.update(sealed, "base64", "utf8") + decipher.final("utf8");
}

test("a second key that differs in case, spaces and dashes only is refused, and so is a key of a license of ours", async () => {
  const ours = readKey(await aLicense({ productId: product.id }));
  for (const key of [uuid, uuid.toUpperCase(), uuid.replaceAll("-", ""), ours])
    expect(await ask("/api/v1/licenses", { policy: "lumen-pro", key })).toMatchObject({
      status: 409,
      body: { code: "conflict" },
    });
  const atOnce = await Promise.all(
    Array.from({ length: 8 }, () => ask("/api/v1/licenses", { policy: "lumen-pro", key: "ONCE-0001-ONLY" })),
  );
  expect(atOnce.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)]);
});

test.each([
  [{ key: uuid, quantity: 2 }, /one license/],
  [{ key: "LUMEN-7K3M-9QWE-0123-4567-89AB-CDEF-GHJK" }, /check characters/],
  [{ key: "12-34" }, /guessed/],
  [{ key: "ABCD\u00071234" }, /control character/],
])("%j is refused with its reason", async (body, reason) => {
  const answer = await ask("/api/v1/licenses", { policy: "lumen-pro", ...body });
  expect(answer.status).toBe(422);
  expect(JSON.stringify(answer.body)).toMatch(reason);
});

test("a license that has expired there is expired here", async () => {
  await importKey("OLD1-OLD2-OLD3", { validUntil: "2025-01-01T00:00:00Z" });
  const body = { product: "lumen", key: "old1 old2 old3" };
  expect((await callApi(`${url}/api/v1/licenses/validate`, { body })).body).toMatchObject({
    valid: false,
    code: "EXPIRED",
  });
});

test("a replaced imported key gives one of ours and works through its overlap", async () => {
  const { id } = await importKey("TURN-0001-OVER");
  const rotated = await ask(`/api/v1/licenses/${id}/rotate-key`, { overlapHours: 1 });
  expect(rotated).toMatchObject({
    status: 200,
    body: { key: expect.stringMatching(/^LUMEN(-[0-9A-Z]{4}){7}$/) },
  });
  const { key: fresh } = rotated.body as { key: string };
  for (const key of ["turn0001over", fresh])
    expect((await callApi(`${url}/v1/licenses/validate`, { body: { license_key: key } })).body).toMatchObject(
      {
        valid: true,
      },
    );
  expect((await ask("/api/v1/licenses", { policy: "lumen-pro", key: "TURN-0001-OVER" })).status).toBe(409);
});

test("back ends find, read and revoke by an imported key, also one that is a UUID", async () => {
  const other = "f47ac10b-58cc-4372-a567-0e02b2c3d479";
  const { id } = await importKey(other);
  const typed = other.toUpperCase();
  const found = await ask("/api/v1/licenses/search", { key: typed });
  expect(found.body).toMatchObject({ licenses: [{ id, key: other }] });
  expect(await ask(`/v1/licenses/${typed}`)).toMatchObject({ status: 200 });
  expect((await ask(`/v3/licenses?key=${typed}`)).body).toMatchObject([{ key: other }]);
  expect(await ask("/revoke", { license_key: typed })).toMatchObject({
    status: 200,
    body: { license_key: other },
  });
});

test("Cryptlex' create takes a key of its own", async () => {
  const body = { productId: "lumen", key: "0A1B2C-3D4E5F-607182-93A4B5-C6D7E8-F90A1B" };
  expect(await ask("/v3/licenses", body)).toMatchObject({ status: 201, body: { key: body.key } });
  expect((await ask("/v3/licenses", body)).status).toBe(409);
});

test("staff find an imported key by the whole of it and by its groups", async () => {
  const { id } = await importKey("9d2f1c3e-aaaa-4bbb-8ccc-1234567890fe");
  for (const q of ["9D2F1C3E-AAAA-4BBB-8CCC-1234567890FE", "9d2f1c3e", "••••-90fe", "4bbb-8ccc"]) {
    const page = await listLicenses({ q, now: new Date() });
    expect(
      page.rows.map((row) => [row.id, row.maskedKey]),
      q,
    ).toContainEqual([id, "••••-90fe"]);
  }
});

test("with the setting back at none imported keys are unknown without a question", async () => {
  await chooseSettings({ importedKeys: "none" });
  const { ask: validate, isKnown } = publicQuestions[0] ?? noQuestion();
  expect(await questionsDuring(async () => expect(isKnown(await validate(url, uuid))).toBe(false))).toBe(0);
});

function noQuestion(): never {
  throw new Error("There are no public questions.");
}
