/**
 * The two-sided p-value of the Mann-Whitney U test, by its normal approximation, which is good from about twenty
 * samples on each side; times in fractions of a millisecond have no ties worth correcting for.
 */
export function rankTest(left: readonly number[], right: readonly number[]): number {
  const ranked = [
    ...left.map((value) => ({ value, isLeft: true })),
    ...right.map((value) => ({ value, isLeft: false })),
  ];
  ranked.sort((a, b) => a.value - b.value);
  const rankSum = ranked.reduce((sum, { isLeft }, index) => sum + (isLeft ? index + 1 : 0), 0);
  const [n, m] = [left.length, right.length];
  const u = rankSum - (n * (n + 1)) / 2;
  const z = (u - (n * m) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12);
  return 2 * upperTail(Math.abs(z));
}

/** How much of the normal distribution lies above z, to seven digits (Abramowitz and Stegun 26.2.17). */
export function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

export type Samplers = Record<"known" | "unknown", (index: number) => Promise<number>>;

/** Takes so many samples of both in turns; neither always goes first. */
export async function takeSamples({ known, unknown }: Samplers, count: number) {
  const samples: Record<"known" | "unknown", number[]> = { known: [], unknown: [] };
  for (let index = 0; index < count; index++) {
    const takeKnown = async () => void samples.known.push(await known(index));
    const takeUnknown = async () => void samples.unknown.push(await unknown(index));
    for (const take of index % 2 ? [takeKnown, takeUnknown] : [takeUnknown, takeKnown]) await take();
  }
  return samples;
}
