import { forgive, groupsOf, keyAlphabet } from "#app/domain/license/license-key.ts";

export type KeyFragment = {
  /** The product's prefix, where it was typed. */
  prefix: string | null;
  /** Unbroken stretches of the key, in their order; what was masked or left out lies between them. */
  runs: string[];
  /** The whole groups of four among them: what can be looked up. */
  groups: string[];
};

/**
 * Reads part of a key as people paste it: some groups, a masked key, with or without its prefix.
 * @returns null when there is no whole group of four in it.
 */
export function keyFragment(typed: string, prefixes: readonly string[]): KeyFragment | null {
  const known = prefixes.map((prefix) => prefix.toUpperCase());
  const stretches = typed
    .split(/[•*…]+/)
    .map((stretch) => stretch.split(/[\s-]+/).filter((word) => word !== ""))
    .filter((words) => words.length > 0);
  const first = stretches[0]?.[0]?.toUpperCase() ?? "";
  // Alone, the word may as well be a group that spells like a prefix.
  const prefix = known.includes(first) && stretches.flat().length > 1 ? first : null;
  if (prefix) stretches[0]?.shift();

  const words = stretches.map((stretch) => stretch.map(forgive));
  const characters = words.flat().join("");
  if (characters.length > 28 || [...characters].some((character) => !keyAlphabet.includes(character)))
    return null;
  const groups = words.flat().flatMap((word) => groupsOf(word).filter((group) => group.length === 4));
  const runs = words.map((stretch) => stretch.join("")).filter((run) => run !== "");
  return groups.length > 0 ? { prefix, runs, groups } : null;
}

/** Whether a key holds the stretches of a fragment in their order. One of ours is read without its prefix. */
export function keyHolds(key: string, fragment: KeyFragment, { imported = false } = {}): boolean {
  const characters = imported ? forgive(key) : forgive(key).slice(-28);
  let from = 0;
  for (const run of fragment.runs) {
    const at = characters.indexOf(run, from);
    if (at < 0) return false;
    from = at + run.length;
  }
  return true;
}
