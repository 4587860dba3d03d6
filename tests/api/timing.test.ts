import { expect, test } from "vitest";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { formatKey, keyBodyFromBytes } from "#app/domain/license/license-key.ts";
import { chooseSettings, noLimits } from "#tests/api/api-server.ts";
import { type PublicQuestion, publicQuestions } from "#tests/api/public-questions.ts";
import { startWholeServer } from "#tests/api/start-whole-server.ts";
import { aLicense, anActivation, aPolicy, aProduct } from "#tests/factories.ts";
import { median, rankTest, takeSamples } from "#tests/setup/rank-test.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

// Over HTTP, against a process of its own. What a stranger might learn is whether a key exists: a key of another product
// gets the very answer an unknown one gets, so the time is all that could tell them apart. A key of this product is told
// by its answer, and need not be hidden.

const level = 0.01;
const samplesOfEach = 120;

const env = await useTestRuntime();
await chooseSettings(noLimits);
const server = await startWholeServer(env, { LOG_LEVEL: "silent" });
const [lumen, other] = [
  await aProduct({ slug: "lumen", keyPrefix: "LUMEN" }),
  await aProduct({ keyPrefix: "LUMEN" }),
];
const [ownPolicy, otherPolicy] = [
  await aPolicy({ productId: lumen.id }),
  await aPolicy({ productId: other.id }),
];
await aLicense({ policyId: ownPolicy.id });
const foreign = await Promise.all(Array.from({ length: 10 }, () => aKeyInUse(otherPolicy.id)));
const own = await Promise.all(Array.from({ length: 10 }, () => aKeyInUse(ownPolicy.id)));

async function aKeyInUse(policyId: string): Promise<string> {
  const license = await aLicense({ policyId });
  for (const fingerprint of ["device-1", "device-2"])
    await anActivation({ licenseId: license.id, fingerprint });
  return readKey(license);
}

const unknownKey = () => formatKey("LUMEN", keyBodyFromBytes(crypto.getRandomValues(new Uint8Array(17))));

/** How long each of the two takes, asked in turns; another key each time, so that no cache helps one of them. */
function compare(question: PublicQuestion, known: readonly string[], isTold: boolean, count: number) {
  const timed = async (key: string, expectKnown: boolean) => {
    const answer = await question.ask(server.url, key);
    expect(question.isKnown(answer)).toBe(expectKnown);
    return answer.ms;
  };
  return takeSamples(
    {
      known: (index) => timed(known[index % known.length] ?? "", isTold),
      unknown: () => timed(unknownKey(), false),
    },
    count,
  );
}

const report = (name: string, { known, unknown }: Record<"known" | "unknown", number[]>) =>
  console.log(
    `${name}: medians ${median(known).toFixed(2)} and ${median(unknown).toFixed(2)} ms, p = ${rankTest(known, unknown).toFixed(3)}`,
  );

const hiding = publicQuestions.filter(({ namesProduct }) => namesProduct);

test.each(hiding)(
  "$name: a key of another product takes as long as one that does not exist",
  async (question) => {
    const asked = [
      await question.ask(server.url, foreign[0] ?? ""),
      await question.ask(server.url, unknownKey()),
    ];
    const [one, two] = asked.map((answer) => question.comparable(answer, ""));
    expect(one).toEqual(two);
    await compare(question, foreign, false, 10);
    let samples = await compare(question, foreign, false, samplesOfEach);
    // By chance alone one such test in a hundred is unlucky, so an unlucky one is repeated with new samples.
    for (let n = 0; n < 2 && rankTest(samples.known, samples.unknown) <= level; n++)
      samples = await compare(question, foreign, false, samplesOfEach);
    report(question.name, samples);
    expect(rankTest(samples.known, samples.unknown)).toBeGreaterThan(level);
    const medians = [median(samples.known), median(samples.unknown)];
    expect(Math.max(...medians) - Math.min(...medians)).toBeLessThan(
      Math.max(2, 0.25 * Math.max(...medians)),
    );
  },
);

const reading = publicQuestions.filter(({ name }) => /^(?!AuthForge).*(validate|who am I)/.test(name));

test.each(reading)(
  "$name: what is only read of a good key takes no longer than a few milliseconds more",
  async (question) => {
    await compare(question, own, true, 5);
    const samples = await compare(question, own, true, 40);
    report(question.name, samples);
    const difference = Math.abs(median(samples.known) - median(samples.unknown));
    expect(difference).toBeLessThan(Math.max(5, 0.5 * median(samples.known)));
  },
);

test("such a test would find a difference of a millisecond", async () => {
  const question = hiding[0];
  if (!question) throw new Error("There is no such question.");
  const { known, unknown } = await compare(question, foreign, false, samplesOfEach);
  const later = known.map((ms) => ms + Math.max(1, 0.5 * median(unknown)));
  expect(rankTest(later, unknown)).toBeLessThan(level);
});
