import { z } from "zod";
import type { Call } from "#app/api/endpoint.server.ts";
import { KeygenRefusal } from "#app/api/keygen/keygen-refusal.ts";
import type { ShownLicense } from "#app/api/keygen/resources.ts";
import { type FileTerm, fileTerm } from "#app/domain/license-file/license-file.ts";

/** Keygen's default, a month of 365.2425 / 12 days. */
const defaultTtlSeconds = 2_629_746;
const shortestTtlSeconds = 3_600;

export const licenseIncludes = [
  "entitlements",
  "product",
  "policy",
  "owner",
  "user",
  "users",
  "group",
  "environment",
];
export const machineIncludes = [
  ...licenseIncludes.map((name) => `license.${name}`),
  ...["license", "product", "owner", "group", "components", "environment"],
];

/** The wish as a client may write it: in the address, in `meta`, or both, where `meta` counts. */
export const wishQuery = z.looseObject({
  encrypt: z.string().optional(),
  ttl: z.string().optional(),
  include: z.string().optional(),
});
export const wishBody = z
  .object({
    meta: z
      .object({
        encrypt: z.boolean().nullish(),
        ttl: z.union([z.number(), z.string()]).nullish(),
        include: z.union([z.array(z.string()), z.string()]).nullish(),
      })
      .nullish(),
  })
  .nullish();

/** What kind of file a client wants; `ttlSeconds` null = as long as the policy allows. */
export type Wish = { encrypt: boolean; ttlSeconds: number | null; include: string[] };
export type Asking = Call<z.output<typeof wishBody> | undefined, unknown, z.output<typeof wishQuery>>;

/** @throws Problem malformed_request */
export function wishOf(call: Asking, allowed: readonly string[]): Wish {
  const meta = call.body?.meta ?? {};
  const { query } = call;
  const include = meta.include ?? query.include ?? [];
  const names = (typeof include === "string" ? include.split(",") : include).filter((name) => name !== "");
  if (names.some((name) => !allowed.includes(name)))
    throw badParameter("include", "CHECKOUT_INCLUDE_INVALID", "invalid includes");
  return {
    encrypt: meta.encrypt ?? /^(1|t|true)$/i.test(query.encrypt ?? ""),
    ttlSeconds: ttlOf(meta.ttl === undefined ? query.ttl : meta.ttl),
    include: names,
  };
}

/** null = as long as the policy allows, which is what Keygen's file without an end comes to here. */
function ttlOf(ttl: string | number | null | undefined): number | null {
  if (ttl === undefined) return defaultTtlSeconds;
  if (ttl === null || ttl === "") return null;
  const seconds = Number(ttl);
  if (Number.isInteger(seconds) && seconds >= shortestTtlSeconds) return seconds;
  throw badParameter("ttl", "CHECKOUT_TTL_INVALID", "must be greater than or equal to 3600 (1 hour)");
}

function badParameter(parameter: string, code: string, detail: string): KeygenRefusal {
  return new KeygenRefusal("malformed_request", { detail, code, source: { parameter } });
}

/** @throws Problem forbidden where the policy gives no files. */
export function requireTerm({ policy }: ShownLicense, now: Date, { ttlSeconds }: Wish): FileTerm {
  const term = fileTerm(policy.offlineHours, now, ttlSeconds);
  if (term) return term;
  throw new KeygenRefusal("forbidden", {
    detail: "The policy of this license allows no files for use without a connection",
    code: "CHECKOUT_NOT_ALLOWED",
  });
}
