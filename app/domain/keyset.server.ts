/** How many rows a list shows unless told otherwise. */
export const pageSize = 25;

/** Where a page begins: after a row (going down the list) or before one (going up). Never both. */
export type PageRequest = {
  after?: string | undefined;
  before?: string | undefined;
  limit?: number | undefined;
};

export type Page<T> = {
  rows: T[];
  /** Cursors for `before=` and `after=`; null where the list ends. */
  previous: string | null;
  next: string | null;
};

/** What a page query needs to know, from whatever stood in the address. */
export type PagePlan = { cursor: [string, string] | null; backwards: boolean; limit: number };

/** A cursor for the address bar: the sort value and the id of a row. */
export function encodeCursor(sort: Date | string, id: string): string {
  const value = sort instanceof Date ? sort.toISOString() : sort;
  return Buffer.from(JSON.stringify([value, id])).toString("base64url");
}

/** @returns null for anything that is not a cursor of ours: a mangled address shows the first page. */
function decodeCursor(text: string): [string, string] | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (!Array.isArray(value) || value.length !== 2) return null;
    const [sort, id] = value;
    return typeof sort === "string" && typeof id === "string" && !id.includes("\u0000") ? [sort, id] : null;
  } catch {
    return null;
  }
}

/** Reads the cursors of an address; `isSortValue` refuses a cursor whose first part cannot be compared. */
export function planPage(request: PageRequest, isSortValue: (value: string) => boolean): PagePlan {
  const read = (text: string | undefined) => {
    const cursor = text ? decodeCursor(text) : null;
    return cursor && isSortValue(cursor[0]) ? cursor : null;
  };
  const limit = request.limit ?? pageSize;
  const after = read(request.after);
  if (after) return { cursor: after, backwards: false, limit };
  const before = read(request.before);
  return { cursor: before, backwards: before !== null, limit };
}

/** An instant as `encodeCursor` writes it, within what PostgreSQL can compare. */
export const isInstant = (value: string) =>
  /^[12]\d{3}-\d\d-\d\dT[\d:.]+Z$/.test(value) && !Number.isNaN(Date.parse(value));

/**
 * Newest first by an instant and, where instants are equal, by id. The plain bound on the instant is implied by
 * the rest; it is there because the index can start from it and from an OR it cannot.
 */
export function newestFirst<S extends string, I extends string>(sort: S, id: I, plan: PagePlan) {
  const direction = plan.backwards ? ("asc" as const) : ("desc" as const);
  const orderBy = [{ [sort]: direction }, { [id]: direction }];
  if (!plan.cursor) return { where: {}, orderBy, take: plan.limit + 1 };
  const [at, lastId] = [new Date(plan.cursor[0]), plan.cursor[1]];
  const where = plan.backwards
    ? { [sort]: { gte: at }, OR: [{ [sort]: { gt: at } }, { [id]: { gt: lastId } }] }
    : { [sort]: { lte: at }, OR: [{ [sort]: { lt: at } }, { [id]: { lt: lastId } }] };
  return { where, orderBy, take: plan.limit + 1 };
}

/** Turns the `limit + 1` rows a query found into the page, top to bottom whichever way it was read. */
export function toPage<T>(found: T[], plan: PagePlan, cursorOf: (row: T) => string): Page<T> {
  const more = found.length > plan.limit;
  const rows = found.slice(0, plan.limit);
  if (plan.backwards) rows.reverse();
  const first = rows.at(0);
  const last = rows.at(-1);
  const hasPrevious = plan.backwards ? more : plan.cursor !== null;
  const hasNext = plan.backwards ? true : more;
  return {
    rows,
    previous: first !== undefined && hasPrevious ? cursorOf(first) : null,
    next: last !== undefined && hasNext ? cursorOf(last) : null,
  };
}
