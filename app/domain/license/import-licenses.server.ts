import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import {
  type LicensePlan,
  makeLicenses,
  type NewLicenses,
  planLicenses,
} from "#app/domain/license/create-licenses.server.ts";
import { typedKeyLookup } from "#app/domain/license/license-key.server.ts";
import type { ImportLine, WrongLine } from "#app/domain/license/read-import-file.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";

/** Few enough to commit long before a transaction times out. */
const atOnce = 50;

type CheckedLine = { place: string; license: NewLicenses; plan: LicensePlan };

export type CheckedImport = {
  /** What is to be made. */
  fresh: CheckedLine[];
  /** How many are there already, with the same policy. */
  known: number;
  wrong: WrongLine[];
};

/** Finds everything that is wrong with lines before anything is written; writes nothing. */
export async function checkImport(
  lines: readonly ImportLine[],
  by: { actor: Actor; now: Date; reason: string },
): Promise<CheckedImport> {
  const checked: CheckedImport = { fresh: [], known: 0, wrong: [] };
  const placeOfKey = new Map<string, string>();
  for (let at = 0; at < lines.length; at += atOnce) {
    const part = lines.slice(at, at + atOnce).map((line) => ({ line, keyHmac: lookupOf(line) }));
    const policies = await policiesOfKeys(part.map(({ keyHmac }) => keyHmac));
    for (const { line, keyHmac } of part) {
      const { place } = line;
      const license = newLicense(line, by);
      const judged = await judge(license, { known: policies.get(keyHmac), twin: placeOfKey.get(keyHmac) });
      if (judged === "known") checked.known++;
      else if ("reason" in judged) checked.wrong.push({ place, reason: judged.reason });
      else checked.fresh.push({ place, license, plan: judged.plan });
      if (keyHmac !== "" && !placeOfKey.has(keyHmac)) placeOfKey.set(keyHmac, place);
    }
  }
  return checked;
}

/**
 * Makes the licenses of a checked import, in parts that commit one after the other. Safe to repeat from the file: what was
 * made is known then.
 * @throws DomainError when the catalog or the keys have changed since the check; its message names the line.
 */
export async function carryOutImport(fresh: readonly CheckedLine[]): Promise<void> {
  for (let at = 0; at < fresh.length; at += atOnce)
    await inTransaction(async (tx) => {
      for (const { place, license, plan } of fresh.slice(at, at + atOnce))
        try {
          await makeLicenses(tx, license, plan);
        } catch (error) {
          if (!(error instanceof DomainError)) throw error;
          throw new DomainError(error.code, `${place}: ${error.publicMessage}`, { cause: error });
        }
    });
}

function newLicense(line: ImportLine, by: { actor: Actor; now: Date; reason: string }): NewLicenses {
  const { place: _place, ...license } = line;
  return { ...license, ...by, quantity: 1, requestId: null };
}

type Judged = "known" | { plan: LicensePlan } | { reason: string };

async function judge(
  license: NewLicenses,
  { known, twin }: { known: string | undefined; twin: string | undefined },
): Promise<Judged> {
  if (twin !== undefined)
    return {
      reason: `key: ${twin} has the same one. Keys that differ only in case, spaces and dashes count as one`,
    };
  try {
    const plan = await planLicenses(license);
    if (known === undefined) return { plan };
    return known === plan.policy.id
      ? "known"
      : { reason: "key: there is a license with this key, and its policy is another one" };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const field = error.field === "customer" ? "email" : error.field;
    return { reason: field === undefined ? error.publicMessage : `${field}: ${error.publicMessage}` };
  }
}

/** Empty for a key that cannot be imported. */
function lookupOf({ key }: ImportLine): string {
  return typedKeyLookup(key, { imported: true }) ?? "";
}

/** The policy of the license that has each key, or had it before it was replaced. */
async function policiesOfKeys(keyHmacs: readonly string[]): Promise<Map<string, string>> {
  const where = { keyHmac: { in: [...keyHmacs] } };
  const current = await db().license.findMany({ where, select: { keyHmac: true, policyId: true } });
  const replaced = await db().supersededKey.findMany({
    where,
    select: { keyHmac: true, license: { select: { policyId: true } } },
  });
  return new Map([
    ...replaced.map(({ keyHmac, license }) => [keyHmac, license.policyId] as const),
    ...current.map(({ keyHmac, policyId }) => [keyHmac, policyId] as const),
  ]);
}
