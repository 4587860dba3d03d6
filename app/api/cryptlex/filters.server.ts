import { z } from "zod";

const page = z.coerce.number().pipe(z.int().min(1).max(1_000_000)).default(1);
const limit = z.coerce.number().pipe(z.int().min(1).max(100)).default(20);

/**
 * The query of a list: `page`, `limit` and filters written `name[eq]=value` or `name=value`. A filter that is not known
 * is refused, because a list that silently holds more than was asked for gets the wrong license renewed.
 */
export function filtered<Name extends string>(names: readonly Name[]) {
  return z.record(z.string(), z.string()).transform((query, context) => {
    const filters: Partial<Record<Name, string>> = {};
    for (const [written, value] of Object.entries(query)) {
      if (written === "page" || written === "limit" || written === "sort") continue;
      const plain = written.endsWith("[eq]") ? written.slice(0, -4) : written;
      const name = names.find((known) => known === plain);
      if (name && value.length <= 1000) filters[name] = value;
      else
        context.addIssue({
          code: "custom",
          message: `${written.slice(0, 60)} is no filter here. There are ${names.join(", ")}, each plain or with [eq].`,
        });
    }
    const paging = z.object({ page, limit }).safeParse(query);
    if (!paging.success) {
      context.addIssue({
        code: "custom",
        message: "page is a whole number from 1, limit one from 1 to 100.",
      });
      return z.NEVER;
    }
    return { ...paging.data, filters };
  });
}
