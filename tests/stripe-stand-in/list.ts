import { invalidRequest, resourceMissing } from "./errors.ts";

export type ListParameters = {
  limit?: number | undefined;
  starting_after?: string | undefined;
  ending_before?: string | undefined;
  created?: Range | undefined;
};
type Range = {
  gt?: number | undefined;
  gte?: number | undefined;
  lt?: number | undefined;
  lte?: number | undefined;
};

export type StripeList<T> = { object: "list"; data: T[]; has_more: boolean; url: string };

const DEFAULT_LIMIT = 10;

/** Newest first, the way Stripe lists everything but line items; ties keep the later one first. */
export function newestFirst<T>(rows: readonly T[], createdOf: (row: T) => number): T[] {
  return [...rows].reverse().sort((a, b) => createdOf(b) - createdOf(a));
}

export function isInRange(created: number, range: Range | undefined): boolean {
  if (range === undefined) return true;
  if (range.gt !== undefined && created <= range.gt) return false;
  if (range.gte !== undefined && created < range.gte) return false;
  if (range.lt !== undefined && created >= range.lt) return false;
  return range.lte === undefined || created <= range.lte;
}

/** One page of rows that are already in list order. `noun` names a cursor that is not there. */
export function page<T extends { id: string }>(
  rows: readonly T[],
  parameters: ListParameters,
  url: string,
  noun: string,
): StripeList<T> {
  const limit = parameters.limit ?? DEFAULT_LIMIT;
  const { starting_after: after, ending_before: before } = parameters;
  if (after !== undefined && before !== undefined) {
    const message = "You may only specify one of these parameters: starting_after, ending_before.";
    throw invalidRequest(message, "starting_after", "parameters_exclusive");
  }
  if (before !== undefined) {
    const end = requireIndex(rows, before, noun, "ending_before");
    const start = Math.max(0, end - limit);
    return { object: "list", data: rows.slice(start, end), has_more: start > 0, url };
  }
  const start = after === undefined ? 0 : requireIndex(rows, after, noun, "starting_after") + 1;
  return {
    object: "list",
    data: rows.slice(start, start + limit),
    has_more: rows.length > start + limit,
    url,
  };
}

function requireIndex(rows: readonly { id: string }[], id: string, noun: string, param: string): number {
  const index = rows.findIndex((row) => row.id === id);
  if (index === -1) throw resourceMissing(noun, id, param);
  return index;
}

/** Filters by `created`, puts the newest first and cuts one page. */
export function listPage<T extends { id: string; created: number }>(
  rows: readonly T[],
  parameters: ListParameters,
  url: string,
  noun: string,
): StripeList<T> {
  const inRange = rows.filter((row) => isInRange(row.created, parameters.created));
  return page(
    newestFirst(inRange, (row) => row.created),
    parameters,
    url,
    noun,
  );
}
