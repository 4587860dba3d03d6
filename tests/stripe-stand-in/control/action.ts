import { z } from "zod";
import type { StandIn } from "#tests/stripe-stand-in/context.ts";

/** `message` is for the page, `result` for a program. */
export type ActionOutcome = { message: string; result: unknown };
export type Action = (standIn: StandIn, fields: unknown) => Promise<ActionOutcome>;
export type Actions = Readonly<Record<string, Action>>;

/** Something one can do from outside; the schema refuses what makes no sense. */
export function action<S extends z.ZodType>(
  schema: S,
  run: (standIn: StandIn, fields: z.output<S>) => ActionOutcome | Promise<ActionOutcome>,
): Action {
  return async (standIn, fields) => run(standIn, schema.parse(fields));
}

export const yes = z.union([z.boolean(), z.enum(["true", "false"]).transform((value) => value === "true")]);
/** A field a form sends empty when nobody filled it in. */
export const optional = <S extends z.ZodType>(schema: S) =>
  z.preprocess((value) => (value === "" ? undefined : value), schema.optional());
