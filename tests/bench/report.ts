import type { LoadResult } from "#tests/bench/lanes.ts";

/** One line of the report: a figure of ours beside a peer's, measured in the same run. */
export type BenchRow = {
  name: string;
  unit: string;
  ours: number;
  peer: string;
  theirs: number;
  /** above 1 = ours is better, whichever way the unit counts */
  ratio: number;
};

/** One figure per round for each side; rounds of the same number ran next to each other. */
export type Rounds = { ours: readonly number[]; theirs: readonly number[] };

/**
 * Medians of both sides, and the median of the rounds' own ratios: what the machine does besides meets neighboring
 * rounds alike and so cancels out of their ratio.
 */
export function compareRounds(
  row: Pick<BenchRow, "name" | "unit" | "peer"> & { better: "higher" | "lower" },
  { ours, theirs }: Rounds,
): BenchRow {
  const ratios = ours.map((figure, round) => {
    const ratio = figure / (theirs[round] ?? Number.NaN);
    return row.better === "higher" ? ratio : 1 / ratio;
  });
  const { name, unit, peer } = row;
  return { name, unit, peer, ours: median(ours), theirs: median(theirs), ratio: median(ratios) };
}

/** Three rows against each peer, from the rounds of all servers, ours first: calls in a second, and how long one took. */
export function compareLoads(
  { name, unit }: { name: string; unit: string },
  results: ReadonlyMap<{ name: string }, readonly LoadResult[]>,
): BenchRow[] {
  const figures = [
    { field: "perSecond", unit, better: "higher" },
    { field: "p50Ms", unit: "p50 ms", better: "lower" },
    { field: "p99Ms", unit: "p99 ms", better: "lower" },
  ] as const;
  const [[, ours = []] = [], ...others] = [...results];
  return others.flatMap(([peer, theirs]) =>
    figures.map(({ field, ...row }) =>
      compareRounds(
        { name, peer: peer.name, ...row },
        { ours: ours.map((round) => round[field]), theirs: theirs.map((round) => round[field]) },
      ),
    ),
  );
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2;
}

const digits = (value: number) => (value >= 100 ? value.toFixed(0) : value.toFixed(2));

/** The rows as a table for a terminal or a Markdown page. */
export function asTable(rows: readonly BenchRow[]): string {
  const cells = [
    ["row", "unit", "ours", "peer", "peer's", "ratio"],
    ...rows.map((row) => [
      row.name,
      row.unit,
      digits(row.ours),
      row.peer,
      digits(row.theirs),
      row.ratio.toFixed(2),
    ]),
  ];
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  const lines = cells.map(
    (line) => `| ${line.map((cell, i) => cell.padEnd(widths?.[i] ?? 0)).join(" | ")} |`,
  );
  lines.splice(1, 0, `|${widths?.map((width) => "-".repeat(width + 2)).join("|")}|`);
  return lines.join("\n");
}
