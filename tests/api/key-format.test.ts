import { expect, test } from "vitest";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { formatKey, keyAlphabet, keyBodyFromBytes, normalizeKey } from "#app/domain/license/license-key.ts";
import { startApi } from "#tests/api/api-server.ts";
import { questionsDuring } from "#tests/api/counted-questions.ts";
import { publicQuestions } from "#tests/api/public-questions.ts";
import { seededRandom } from "#tests/crash/seeded-random.ts";
import { aLicense, aPolicy, aProduct } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const { url } = await startApi();
const product = await aProduct({ slug: "lumen", keyPrefix: "LUMEN" });
const policy = await aPolicy({ productId: product.id, deviceLimit: null });
const random = seededRandom(7);

/** A key body of the alphabet's characters, at random but the same in every run. */
const aBody = () => keyBodyFromBytes(Uint8Array.from({ length: 17 }, () => random.between(0, 255)));

/** The places of a formatted key that hold one of its 28 characters. */
const placesOf = (key: string) =>
  [...[...key].keys()].filter((at) => at > key.indexOf("-") && key.charAt(at) !== "-");

/** One that holds an O, an I and an L when people type it: 0 and 1 are among its characters. */
async function aKeyWithZeroAndOne(): Promise<string> {
  const body = `01${aBody().slice(2)}`;
  return readKey(await aLicense({ policyId: policy.id, key: formatKey("LUMEN", body) }));
}

test("no other key differs from a good one in one character or in two that changed places", () => {
  let tried = 0;
  for (let n = 0; n < 300; n++) {
    const key = formatKey("LUMEN", aBody()).slice("LUMEN-".length).replaceAll("-", "");
    expect(normalizeKey(key)).toBe(key);
    const mistakes = [];
    for (let at = 0; at < key.length; at++) {
      for (const other of keyAlphabet)
        if (other !== key.charAt(at)) mistakes.push(key.slice(0, at) + other + key.slice(at + 1));
      for (let to = at + 1; to < key.length; to++)
        if (key.charAt(at) !== key.charAt(to))
          mistakes.push(
            key.slice(0, at) + key.charAt(to) + key.slice(at + 1, to) + key.charAt(at) + key.slice(to + 1),
          );
    }
    tried += mistakes.length;
    expect(mistakes.filter((mistake) => normalizeKey(mistake) !== null)).toEqual([]);
  }
  // Each of 28 places has 31 other characters; nearly all of the 378 pairs differ.
  expect(tried).toBeGreaterThan(300 * (28 * 31 + 300));
});

test.each(publicQuestions)(
  "$name: a mistyped key is refused without a question to the database",
  async (question) => {
    const key = await aKeyWithZeroAndOne();
    const unknown = formatKey("LUMEN", aBody());
    const places = placesOf(key);
    const mistakes = places.map((at) => {
      const others = [...keyAlphabet].filter((character) => character !== key.charAt(at));
      return key.slice(0, at) + (others[random.between(0, 30)] ?? "") + key.slice(at + 1);
    });
    const [first = 0, last = 0] = [places[3], places.at(-4)];
    mistakes.push(
      key.slice(0, first) +
        key.charAt(last) +
        key.slice(first + 1, last) +
        key.charAt(first) +
        key.slice(last + 1),
    );
    const wrong = await question.ask(url, unknown);
    const mistyped = mistakes.filter((mistake) => normalizeKey(mistake) === null);
    expect(mistyped.length).toBeGreaterThan(27);
    for (const mistake of mistyped) {
      let answer = wrong;
      expect(await questionsDuring(async () => (answer = await question.ask(url, mistake)))).toBe(0);
      expect(question.isKnown(answer)).toBe(false);
      expect(question.comparable(answer, mistake)).toEqual(question.comparable(wrong, unknown));
    }
    expect(await questionsDuring(() => question.ask(url, unknown))).toBe(1);
  },
);

test.each(publicQuestions)("$name: a key is found however a person types it", async (question) => {
  const key = await aKeyWithZeroAndOne();
  const characters = key.slice("LUMEN-".length).replaceAll("-", "");
  const typed = [
    key,
    key.toLowerCase(),
    key.replaceAll("0", "O").replaceAll("1", "I"),
    key.toLowerCase().replaceAll("0", "o").replaceAll("1", "l"),
    key.replaceAll("-", " "),
    `  ${key.replaceAll("-", "")}  `,
    characters,
    characters.toLowerCase().replaceAll("1", "i"),
    key.replaceAll("-", " - "),
    key.replaceAll("-", "."),
    ...(question.inHeader ? [] : [key.replaceAll("-", "\u2013"), key.replaceAll("-", "\u00a0")]),
  ];
  for (const text of typed) expect(question.isKnown(await question.ask(url, text)), text).toBe(true);
});
