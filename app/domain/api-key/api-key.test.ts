import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import {
  apiKeyFromBytes,
  apiKeyHint,
  apiKeyRandomBytes,
  apiKeyState,
  crc32,
  isApiKey,
  maskedApiKey,
} from "#app/domain/api-key/api-key.ts";
import { canGrant, isScope, scopeMeaning, scopes } from "#app/domain/api-key/scopes.ts";

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const someKey = () => apiKeyFromBytes(randomBytes(apiKeyRandomBytes));

test("CRC-32 gives the published check values", () => {
  expect(crc32("123456789")).toBe(0xcbf43926);
  expect(crc32("")).toBe(0);
  expect(crc32("The quick brown fox jumps over the lazy dog")).toBe(0x414fa339);
});

test("a key is lk_, 40 characters for all 200 bits, and 7 for the checksum", () => {
  expect(apiKeyFromBytes(new Uint8Array(25))).toMatch(/^lk_0{40}[0-3][0-9a-hjkmnp-tv-z]{6}$/);
  expect(apiKeyFromBytes(new Uint8Array(25).fill(255))).toMatch(/^lk_z{40}/);
  const bytes = new Uint8Array(25);
  bytes[24] = 1;
  expect(apiKeyFromBytes(bytes)).toMatch(/^lk_0{39}1/);
  for (let i = 0; i < 200; i++) {
    const key = someKey();
    expect(key).toMatch(/^lk_[0-9a-hjkmnp-tv-z]{47}$/);
    expect(isApiKey(key)).toBe(true);
  }
});

test("the characters carry the bytes and the CRC-32 of what stands before", () => {
  const bytes = randomBytes(apiKeyRandomBytes);
  const key = apiKeyFromBytes(bytes);
  const numberOf = (text: string) =>
    [...text].reduce((value, character) => value * 32n + BigInt(alphabet.indexOf(character)), 0n);
  expect(numberOf(key.slice(3, 43)).toString(16).padStart(50, "0")).toBe(bytes.toString("hex"));
  expect(numberOf(key.slice(43))).toBe(BigInt(crc32(key.slice(0, 43))));
});

test("every single wrong character and every swapped pair is refused", () => {
  const key = someKey();
  for (let i = 0; i < key.length; i++)
    for (const other of alphabet) {
      const wrong = key.slice(0, i) + other + key.slice(i + 1);
      expect(isApiKey(wrong), wrong).toBe(wrong === key);
    }
  for (let i = 0; i + 1 < key.length; i++) {
    const swapped = key.slice(0, i) + key.charAt(i + 1) + key.charAt(i) + key.slice(i + 2);
    expect(isApiKey(swapped), swapped).toBe(swapped === key);
  }
});

test("nothing is forgiven: case, spaces, cut and lengthened keys, other texts", () => {
  const key = someKey();
  const wrong = [
    key.toUpperCase(),
    ` ${key}`,
    `${key}\n`,
    key.slice(0, -1),
    `${key}0`,
    key.slice(3),
    "",
    "lk_",
  ];
  for (const text of [...wrong, "lk_".padEnd(50, "0"), "lk_".padEnd(1_000_000, "0"), "lk_ilou"])
    expect(isApiKey(text), text.slice(0, 60)).toBe(false);
});

test("a list names a key by its last four characters", () => {
  const key = someKey();
  expect(maskedApiKey(apiKeyHint(key))).toBe(`lk_…${key.slice(46)}`);
});

test("a key is revoked before it is expired, and expired at the very instant", () => {
  const now = new Date("2027-01-01T00:00:00Z");
  const later = new Date(now.getTime() + 1);
  const key = { expiresAt: null, revokedAt: null, replaced: false };
  expect(apiKeyState(key, now)).toBe("active");
  expect(apiKeyState({ ...key, expiresAt: later }, now)).toBe("active");
  expect(apiKeyState({ ...key, expiresAt: later, replaced: true }, now)).toBe("replaced");
  expect(apiKeyState({ ...key, expiresAt: now, replaced: true }, now)).toBe("expired");
  expect(apiKeyState({ ...key, expiresAt: now, revokedAt: now }, now)).toBe("revoked");
});

test("a key grants no more than it has", () => {
  expect(canGrant(["licenses:read", "api-keys:write"], ["licenses:read"])).toBe(true);
  expect(canGrant(["licenses:read", "api-keys:write"], ["licenses:read", "licenses:write"])).toBe(false);
  expect(canGrant(["licenses:write"], ["licenses:read"])).toBe(false);
  expect(canGrant([...scopes], [...scopes])).toBe(true);
  expect(canGrant([], ["catalog:read"])).toBe(false);
});

test("every scope has its own meaning, and nothing else is a scope", () => {
  expect(new Set(scopes.map(scopeMeaning)).size).toBe(scopes.length);
  for (const scope of scopes) expect(isScope(scope)).toBe(true);
  for (const text of ["", "all", "licenses", "licenses:Read", "toString"]) expect(isScope(text)).toBe(false);
});
