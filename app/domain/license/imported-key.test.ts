import { expect, test } from "vitest";
import {
  hasOwnShape,
  importedGroups,
  importedKeyProblem,
  importedLastGroup,
  normalizeImportedKey,
} from "#app/domain/license/imported-key.ts";
import { formatKey, maskKey, shortMaskedKey } from "#app/domain/license/license-key.ts";

const foreign = {
  "Lemon Squeezy": "38b1460a-5104-4067-a91d-77b872934d51",
  Cryptlex: "8E4C2A-1B7D90-5F3E66-A0C9D4-27B15E-C3F8A6",
  "Simple License Server": "A1B2C3-D4E5F6-071829-3A4B5C-6D7E8F",
  AuthForge: "K7QP-3MXW-9RTV-2HNB",
  Keygen: "C1B6DE-39A6E3-DE1529-8559A0-4AF593-V3",
  "Keygen, signed": "key/eyJhY2NvdW50Ijp7ImlkIjoiMWZkZGNlYzgifX0=.Tk9UX0FfU0lHTkFUVVJF",
  Gumroad: "6F1C0A2B-77E94D13-9C3B58AE-00D4F6E1",
  "28 hexadecimal digits": "8e4c2a1b7d905f3e66a0c9d427b1",
  "32 letters and digits": "qX7mPz31LkTnVb52HsWd84RcYfGj06Ua",
};

test.each(Object.entries(foreign))("a key of %s can be imported and is told from ours", (_system, key) => {
  expect(importedKeyProblem(key)).toBeNull();
  expect(hasOwnShape(key)).toBe(false);
});

test("what is looked up forgives case, spaces and dashes, and nothing else", () => {
  const expected = normalizeImportedKey("A1B2-c3d4");
  for (const typed of ["a1b2-c3d4", " A1B2 C3D4 ", "a1b2c3d4", "A1B2\u2013C3D4", "A1B2\u00a0C3\u2212D4\n"])
    expect(normalizeImportedKey(typed), typed).toBe(expected);
  for (const other of ["A1B2-C3D5", "AIB2-C3D4", "A1B2.C3D4", "A1B2/C3D4"])
    expect(normalizeImportedKey(other), other).not.toBe(expected);
});

test("ours with any one character replaced or two exchanged still looks like ours, however it is spaced", () => {
  const key = formatKey("LUMEN", "7K3M9QWE0123456789ABCDEFGH");
  for (let at = "LUMEN-".length; at < key.length; at++) {
    if (key.charAt(at) === "-") continue;
    for (const wrong of "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
      for (const typed of [key.slice(0, at) + wrong + key.slice(at + 1)]) {
        const bare = typed.slice("LUMEN-".length);
        for (const spaced of [
          typed,
          typed.replaceAll("-", " "),
          bare,
          bare.replaceAll("-", "").toLowerCase(),
        ])
          expect(hasOwnShape(spaced), spaced).toBe(true);
      }
  }
});

test.each([
  ["x".repeat(129), /longer than 128/],
  ["AB-12-CD3", /fewer than 8/],
  ["ABCD1234\u0000EFGH", /control character/],
  ["ABCD1234\nEFGH", /control character/],
  ["LUMEN-7K3M-9QWE-0123-4567-89AB-CDEF-GHJK", /check characters are wrong/],
  ["7K3M-9QWE-0123-4567-89AB-CDEF-GHJU", /check characters are wrong/],
])("%j is refused with its reason", (key, reason) => {
  expect(importedKeyProblem(key)).toMatch(reason);
});

test("it is masked by its last four letters and digits and found by its groups", () => {
  const key = "38b1460a-5104-4067-a91d-77b872931f3a";
  expect(importedLastGroup(key)).toBe("1f3a");
  expect(importedLastGroup("abcdef-01-23==")).toBe("0123");
  const masked = maskKey("", importedLastGroup(key));
  expect(masked).toBe("••••-1f3a");
  expect(shortMaskedKey(masked)).toBe("••••-1f3a");
  expect(importedGroups(key)).toEqual(["38B1", "460A", "5104", "4067", "A91D", "77B8", "7293", "1F3A"]);
  expect(importedGroups("A1B2C3-D4E5F6")).toEqual(["A1B2", "D4E5", "E5F6"]);
});
