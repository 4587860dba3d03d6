import type { Verdict } from "#app/domain/activation/judge-check.ts";

/**
 * The end that programs of other systems are told: within a grace the last instant at which it works, because they take
 * a license whose end is past for an expired one.
 */
export function clientExpiry({
  status,
  validUntil,
  worksUntil,
}: Pick<Verdict, "status" | "validUntil" | "worksUntil">): Date | null {
  return status === "grace" ? worksUntil : validUntil;
}
