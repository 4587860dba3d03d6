import type { z } from "zod";
import type { Cause, StandIn } from "./context.ts";
import { parseParameters } from "./parameters.ts";
import type { FormHash } from "./request-body.ts";

/** One API request as a handler sees it. */
export type Call = {
  /** The ids in the path, in order. */
  ids: string[];
  /** The path without its query: what a list names as its `url`. */
  path: string;
  cause: NonNullable<Cause>;
};

export type Route = {
  method: "GET" | "POST" | "DELETE";
  pattern: RegExp;
  /** Checks the parameters, which throws before anything happened, and gives back what will do the work. */
  prepare(standIn: StandIn, parameters: FormHash, call: Call): () => unknown;
};

/** A line of the route table: `:id` in the path matches one segment. */
export function route<S extends z.ZodType>(
  method: Route["method"],
  path: string,
  schema: S,
  handle: (standIn: StandIn, parameters: z.output<S>, call: Call) => unknown,
): Route {
  return {
    method,
    pattern: new RegExp(`^${path.replaceAll(":id", "([^/]+)")}$`),
    prepare: (standIn, sent, call) => {
      const parameters = parseParameters(schema, sent);
      return () => handle(standIn, parameters, call);
    },
  };
}

export function firstId(call: Call): string {
  return call.ids[0] ?? "";
}
