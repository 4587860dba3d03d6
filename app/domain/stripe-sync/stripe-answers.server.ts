import Stripe from "stripe";
import { z } from "zod";

// What Stripe's answers are made of. Every answer is parsed: the SDK takes a failure whose body has no `error` for an
// object (stripe.md 0.5), and a field that moved must be an error that is seen, not an `undefined` that is computed with.

export const seconds = z.number().transform((value) => new Date(value * 1000));

export const optionalSeconds = z
  .number()
  .nullish()
  .transform((value) => (typeof value === "number" ? new Date(value * 1000) : null));

/** An id, or the object it stands for when it was expanded. */
export const idOf = z
  .union([z.string(), z.object({ id: z.string() })])
  .nullish()
  .transform((value) => (typeof value === "string" ? value : (value?.id ?? null)));

export const optionalText = z
  .string()
  .nullish()
  .transform((value) => value ?? null);

export const metadata = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});

/** For `.catch`: an object Stripe does not know under our key is null. */
export function missingIsNull(error: unknown): null {
  if (error instanceof Stripe.errors.StripeInvalidRequestError && error.code === "resource_missing")
    return null;
  throw error;
}

/** A list as Stripe answers it, with its first page. */
export function listOf<T extends z.ZodType>(element: T) {
  return z.object({ object: z.literal("list"), data: z.array(element), has_more: z.boolean() });
}

type Element = { id: string };
export type ListPage<T> = { data: T[]; has_more: boolean };

/**
 * The pages of a list, one at a time: none is asked for before the one ahead of it was used.
 * @throws ZodError when an answer is no such list.
 */
export async function* pagesOf<T extends Element>(
  element: z.ZodType<T>,
  ask: (from: { starting_after?: string }) => Promise<unknown>,
): AsyncGenerator<T[]> {
  let from: { starting_after?: string } = {};
  for (;;) {
    const page = listOf(element).parse(await ask(from));
    if (page.data.length > 0) yield page.data;
    const last = page.data.at(-1);
    if (!page.has_more || !last) return;
    from = { starting_after: last.id };
  }
}

/** All elements of a list that is known to be short. */
export async function wholeList<T extends Element>(
  element: z.ZodType<T>,
  ask: (from: { starting_after?: string }) => Promise<unknown>,
): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pagesOf(element, ask)) all.push(...page);
  return all;
}

/** What is missing from a list that came inside another object. */
export async function restOfList<T extends Element>(
  first: ListPage<T>,
  element: z.ZodType<T>,
  ask: (from: { starting_after?: string }) => Promise<unknown>,
): Promise<T[]> {
  const last = first.data.at(-1);
  if (!first.has_more || !last) return first.data;
  const rest = await wholeList(element, (from) => ask({ starting_after: last.id, ...from }));
  return [...first.data, ...rest];
}
