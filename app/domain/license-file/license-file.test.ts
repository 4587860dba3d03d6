import { expect, test } from "vitest";
import {
  type FileLicense,
  fileTerm,
  machineFileDocument,
  tokenClaims,
} from "#app/domain/license-file/license-file.ts";

const now = new Date("2026-11-21T10:00:00.750Z");
const hour = 3_600;
const at = (hours: number) => new Date(now.getTime() + hours * 3_600_000);

const license: FileLicense = {
  id: "lic_1",
  facts: {
    term: "subscription",
    issuedAt: at(-100),
    paidUntil: at(10),
    extendedUntil: null,
    graceUntil: at(20),
    revokedAt: null,
    holds: [],
    firstActivatedAt: at(-90),
  },
  product: { id: "prod_1", number: 1, slug: "lumen", name: "Lumen" },
  policy: { slug: "lumen-pro", offlineHours: 48 },
  deviceLimit: null,
  entitlements: { export: true },
  updatesUntil: null,
};
const device = { id: "act_1", name: null, platform: "macos", fingerprint: "fp" };

test("a file is good for what was wished, at least an hour and at most what the policy gives", () => {
  expect(fileTerm(48, now)?.ttlSeconds).toBe(48 * hour);
  expect(fileTerm(48, now, 2 * hour)?.ttlSeconds).toBe(2 * hour);
  expect(fileTerm(48, now, 1)?.ttlSeconds).toBe(hour);
  expect(fileTerm(48, now, 1_000 * hour)?.ttlSeconds).toBe(48 * hour);
  expect(fileTerm(48, now, 2 * hour)).toEqual({ issued: now, expiry: at(2), ttlSeconds: 2 * hour });
});

test("a policy without offline hours gives no file, whatever is wished", () => {
  expect(fileTerm(null, now)).toBeNull();
  expect(fileTerm(null, now, hour)).toBeNull();
});

test("a machine file says which device, which license and until when each counts, and names nobody", () => {
  const term = fileTerm(48, now);
  if (!term) throw new Error("this policy gives files");
  expect(machineFileDocument(license, device, { term, keyId: "0011223344556677" })).toEqual({
    meta: {
      issued: "2026-11-21T10:00:00.750Z",
      expiry: "2026-11-23T10:00:00.750Z",
      ttl: 48 * hour,
      kid: "0011223344556677",
    },
    data: {
      type: "machines",
      id: "act_1",
      attributes: { fingerprint: "fp", name: null, platform: "macos" },
      relationships: { license: { data: { type: "licenses", id: "lic_1" } } },
    },
    included: [
      {
        type: "licenses",
        id: "lic_1",
        attributes: {
          product: "lumen",
          policy: "lumen-pro",
          code: "VALID",
          status: "active",
          validUntil: at(10).toISOString(),
          worksUntil: at(20).toISOString(),
          updatesUntil: null,
          entitlements: { export: true },
          deviceLimit: null,
        },
      },
    ],
  });
});

test("a token ends with the license when that is before the file would end", () => {
  const claims = (ttlHours: number) => {
    const term = fileTerm(ttlHours, now);
    if (!term) throw new Error("this policy gives files");
    return tokenClaims(license, device, { term, issuer: "https://licenses.example.com", tokenId: "jti-1" });
  };
  const issuedAt = Math.floor(now.getTime() / 1000);
  expect(claims(5)).toMatchObject({ iat: issuedAt, nbf: issuedAt, exp: issuedAt + 5 * hour });
  expect(claims(48)).toEqual({
    iss: "https://licenses.example.com",
    sub: "lic_1",
    aud: "lumen",
    fingerprint: "fp",
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + 20 * hour,
    jti: "jti-1",
    policy: "lumen-pro",
    validUntil: at(10).toISOString(),
    updatesUntil: null,
    entitlements: { export: true },
  });
});
