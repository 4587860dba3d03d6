import fc from "fast-check";
import { expect, test } from "vitest";
import {
  closedFlow,
  formatSignInCode,
  maskEmail,
  normalizeSignInCode,
  type SignInRefusal,
  signInCodeFromBytes,
  signInRefusalWords,
} from "#app/domain/account/sign-in.ts";

const eightBytes = fc.uint8Array({ minLength: 8, maxLength: 8 });

test("a code has eight characters of an alphabet without I, L, O and U", () => {
  fc.assert(fc.property(eightBytes, (bytes) => /^[0-9A-HJKMNP-TV-Z]{8}$/.test(signInCodeFromBytes(bytes))));
});

test("every character of the alphabet is equally likely", () => {
  const counts = new Map<string, number>();
  for (let byte = 0; byte < 256; byte++) {
    const [character = ""] = signInCodeFromBytes(new Uint8Array(8).fill(byte));
    counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  expect(counts.size).toBe(32);
  expect(new Set(counts.values())).toEqual(new Set([8]));
});

test("a code is understood however it was typed or pasted", () => {
  const misreadings: Record<string, string[]> = { "0": ["0", "o", "O"], "1": ["1", "i", "I", "l", "L"] };
  const noise = fc.constantFrom("", " ", "-", "–", "\u00a0", "\u200b", "\n", ".", "_");
  fc.assert(
    fc.property(
      eightBytes,
      fc.array(fc.tuple(noise, fc.nat(4), fc.boolean()), { minLength: 8, maxLength: 8 }),
      (bytes, habits) => {
        const code = signInCodeFromBytes(bytes);
        const typed = [...code].map((character, i) => {
          const [before, pick, lower] = habits[i] ?? ["", 0, false];
          const choices = misreadings[character] ?? [character];
          const chosen = choices[pick % choices.length] ?? character;
          return before + (lower ? chosen.toLowerCase() : chosen);
        });
        return normalizeSignInCode(typed.join("")) === code;
      },
    ),
  );
  expect(normalizeSignInCode(formatSignInCode("ABCDEFGH"))).toBe("ABCDEFGH");
  expect(normalizeSignInCode("ＡＢＣＤ１２３４")).toBe("ABCD1234");
});

test("what cannot be a code is told apart from a wrong one", () => {
  for (const typed of [
    "",
    "ABCD-EFG",
    "ABCD-EFGHJ",
    "ABCDEFGU",
    "ÄBCDEFGH",
    "🙂🙂🙂🙂",
    "ABCD EFG\u0000",
    "x".repeat(100_000),
  ])
    expect(normalizeSignInCode(typed), JSON.stringify(typed.slice(0, 20))).toBeNull();
});

test("an address is masked but a slip of the finger still shows", () => {
  expect(maskEmail("anne@example.com")).toBe("a…e@example.com");
  expect(maskEmail("ab@example.com")).toBe("a…@example.com");
  expect(maskEmail("a@example.com")).toBe("a…@example.com");
});

test("a flow is closed by use, by age and by five tries, and use is told first", () => {
  const now = new Date("2026-11-21T12:00:00Z");
  const open = { usedAt: null, attempts: 4, expiresAt: new Date(now.getTime() + 1) };
  expect(closedFlow(open, now)).toBeNull();
  expect(closedFlow({ ...open, expiresAt: now }, now)).toEqual({ outcome: "expired" });
  expect(closedFlow({ ...open, attempts: 5 }, now)).toEqual({ outcome: "too-many-tries" });
  expect(closedFlow({ usedAt: now, attempts: 5, expiresAt: now }, now)).toEqual({ outcome: "used" });
});

test("each refusal has its own sentence and none tells whether the address is known", () => {
  const refusals: SignInRefusal[] = [
    { outcome: "malformed" },
    { outcome: "wrong", triesLeft: 4 },
    { outcome: "wrong", triesLeft: 1 },
    { outcome: "wrong", triesLeft: 0 },
    { outcome: "too-many-tries" },
    { outcome: "expired" },
    { outcome: "used" },
    { outcome: "no-flow" },
  ];
  const sentences = refusals.map(signInRefusalWords);
  expect(new Set(sentences).size).toBe(refusals.length);
  for (const sentence of sentences)
    expect(sentence).not.toMatch(/account|customer|registered|unknown|exist/i);
  expect(sentences[1]).toContain("4 tries are left");
  expect(sentences[2]).toContain("One try is left");
});
