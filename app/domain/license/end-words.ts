import { type LicenseFacts, worksUntil } from "#app/domain/license/assess-license.ts";
import { dayWords, listWords } from "#app/domain/license/license-words.ts";

type Ends = Pick<LicenseFacts, "paidUntil" | "extendedUntil" | "graceUntil">;

/**
 * One sentence or two for staff on how what is paid, grace and extension make the end of a license, and what a later
 * renewal does to it. The same on the license's page and in the dialog that extends it.
 */
export function worksUntilWords(ends: Ends, { held, now }: { held: boolean; now: Date }): string {
  const last = worksUntil(ends);
  const works = held ? "Once nothing holds it, it works" : last && last <= now ? "Worked" : "Works";
  if (!last) return `${works} without an end.`;
  const parts = [
    { what: "what is paid", until: ends.paidUntil },
    { what: "what staff granted", until: ends.extendedUntil },
    { what: "the grace while the renewal is awaited", until: ends.graceUntil },
  ].flatMap(({ what, until }) => (until ? [{ what, until }] : []));
  const named = parts.map(({ what, until }) => `${what} (${dayWords(until)})`);
  const because =
    named.length === 1
      ? `, the end of ${parts[0]?.what}.`
      : `: the ${named.length === 2 ? "later" : "latest"} of ${listWords(named)}.`;
  const renewal = ends.extendedUntil
    ? " A later renewal does not shorten the extension and is not added to it; whichever ends later counts."
    : "";
  return `${works} until ${dayWords(last)}${because}${renewal}`;
}
