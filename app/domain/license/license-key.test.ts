import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import {
  checkCharacters,
  formatKey,
  keyAlphabet,
  keyBodyFromBytes,
  keyBodyLength,
  maskKey,
  normalizeKey,
} from "#app/domain/license/license-key.ts";

const randomBody = () => keyBodyFromBytes(randomBytes(17));
const sampleOf = (size: number) => Array.from({ length: size }, () => normalized(randomBody()));
const normalized = (body: string) => body + checkCharacters(body);

test("a key reads as its prefix and seven groups of four, and is found by what it says", () => {
  const body = "0123456789ABCDEFGHJKMNPQRS";
  const key = formatKey("LUMEN", body);
  expect(key).toMatch(/^LUMEN(-[0-9A-HJKMNP-TV-Z]{4}){7}$/);
  expect(normalizeKey(key)).toBe(normalized(body));
  for (const sample of sampleOf(200))
    expect(normalizeKey(formatKey("LUMEN", sample.slice(0, keyBodyLength)))).toBe(sample);
});

test("the check characters of known keys never change, or sold keys would stop being keys", () => {
  expect(checkCharacters("0".repeat(26))).toBe("00");
  expect(formatKey("LUMEN", "0123456789ABCDEFGHJKMNPQRS")).toMatchInlineSnapshot(
    `"LUMEN-0123-4567-89AB-CDEF-GHJK-MNPQ-RSWX"`,
  );
  expect(formatKey("LUMEN", "Z".repeat(26))).toMatchInlineSnapshot(
    `"LUMEN-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZEE"`,
  );
});

test("every single wrong character is refused", () => {
  for (const key of sampleOf(20))
    for (let at = 0; at < key.length; at++)
      for (const wrong of keyAlphabet)
        if (wrong !== key.charAt(at))
          expect(normalizeKey(key.slice(0, at) + wrong + key.slice(at + 1))).toBeNull();
});

test("every swapped pair is refused, neighbors or not", () => {
  for (const key of sampleOf(50))
    for (let i = 0; i < key.length; i++)
      for (let j = i + 1; j < key.length; j++) {
        if (key.charAt(i) === key.charAt(j)) continue;
        const typed = [...key];
        [typed[i], typed[j]] = [key.charAt(j), key.charAt(i)];
        expect(normalizeKey(typed.join(""))).toBeNull();
      }
});

test("a character too few or too many is refused", () => {
  for (const key of sampleOf(20)) {
    for (let at = 0; at < key.length; at++)
      expect(normalizeKey(key.slice(0, at) + key.slice(at + 1))).toBeNull();
    expect(normalizeKey(key.slice(1))).toBeNull();
    expect(normalizeKey("")).toBeNull();
    expect(normalizeKey(key.repeat(2))).toBeNull();
  }
});

test("lower case, spaces, other dashes, O for 0 and I or L for 1 are forgiven", () => {
  const key = formatKey("LUMEN", "0011ABCD00112233445566778X");
  const expected = normalizeKey(key);
  expect(expected).not.toBeNull();
  const sloppy = [
    key.toLowerCase(),
    ` ${key} \n`,
    key.replaceAll("-", " "),
    key.replaceAll("-", ""),
    key.replaceAll("-", "–"),
    key.replaceAll("0", "O"),
    key.replaceAll("0", "o"),
    key.replaceAll("1", "I"),
    key.replaceAll("1", "l"),
    key.replace("LUMEN-", ""),
    key.replace("LUMEN", "LUMIN0US"),
  ];
  for (const typed of sloppy) expect(normalizeKey(typed), typed).toBe(expected);
});

test("what no key contains is refused: the letter U, and text around the key", () => {
  const key = formatKey("LUMEN", "0".repeat(26));
  expect(normalizeKey(key.replace(/0/, "U"))).toBeNull();
  expect(normalizeKey(`${key} please help`)).toBeNull();
  expect(normalizeKey("My key is as follows, please help me soon".repeat(2))).toBeNull();
});

test("a hundred thousand keys differ", () => {
  expect(new Set(Array.from({ length: 100_000 }, randomBody)).size).toBe(100_000);
});

test("every bit of the body comes from the bytes, as likely one as zero", () => {
  const rounds = 20_000;
  const ones = Array.from({ length: keyBodyLength * 5 }, () => 0);
  for (let round = 0; round < rounds; round++)
    [...randomBody()].forEach((character, place) => {
      const value = keyAlphabet.indexOf(character);
      for (let bit = 0; bit < 5; bit++) {
        const index = place * 5 + bit;
        if (value & (1 << bit)) ones[index] = (ones[index] ?? 0) + 1;
      }
    });
  // Six standard deviations of a fair coin: a false alarm once in millions of runs.
  const allowed = 6 * Math.sqrt(rounds / 4);
  for (const count of ones) expect(Math.abs(count - rounds / 2)).toBeLessThan(allowed);
});

test("each of the first 130 bits changes the body, and the spare ones do not", () => {
  const bytes = Buffer.alloc(17);
  const plain = keyBodyFromBytes(bytes);
  const changed = new Set([plain]);
  for (let bit = 0; bit < 136; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = 0x80 >> (bit & 7);
    const body = keyBodyFromBytes(flipped);
    expect(body).toHaveLength(keyBodyLength);
    if (bit < 130) changed.add(body);
    else expect(body).toBe(plain);
  }
  expect(changed.size).toBe(131);
});

test("a masked key shows its last group only", () => {
  expect(maskKey("LUMEN", "Z0GK")).toBe("LUMEN-••••-••••-••••-••••-••••-••••-Z0GK");
});
