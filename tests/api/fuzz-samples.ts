import { z } from "zod";
import type { Endpoint } from "#app/api/endpoint.server.ts";
import type { Random } from "#tests/crash/seeded-random.ts";

/** What there is in the database to talk about: fields of these names mostly hold one of these. */
export type Known = Record<string, readonly unknown[]>;

/** The part of JSON Schema that zod writes. */
type Schema = {
  $ref?: string;
  $defs?: Record<string, Schema>;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  type?: string;
  format?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  items?: Schema;
  minItems?: number;
  minimum?: number;
  maximum?: number;
  minLength?: number;
};

export type Sampler = {
  body: (() => unknown) | null;
  query: (() => Record<string, unknown>) | null;
  /** The address with its parameters filled in. */
  path: () => string;
};

/** Makes requests that an endpoint would mostly accept, out of the schemas that parse them. */
export function samplerOf(endpoint: Endpoint, known: Known, random: Random): Sampler {
  const sampled = (schema: z.ZodType) => {
    const written = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Schema; // what it writes
    return () => sample(written, written, { known, random }, "", 0);
  };
  const query = endpoint.query && sampled(endpoint.query);
  return {
    body: endpoint.body ? sampled(endpoint.body) : null,
    query: query ? () => query() as Record<string, unknown> : null, // a query is an object of fields
    path: () =>
      // `/products/:id` is asked for as "productsid" first, then as "id".
      endpoint.path.replace(/([\w-]+)\/:(\w+)/g, (_, place: string, name: string) => {
        const value = pickKnown(known, place + name, random) ?? pickKnown(known, name, random);
        return `${place}/${encodeURIComponent(String(value ?? "unknown"))}`;
      }),
  };
}

type Source = { known: Known; random: Random };

function sample(schema: Schema, root: Schema, source: Source, name: string, depth: number): unknown {
  const { random, known } = source;
  const choose = <T>(list: readonly T[]): T | undefined => list[random.between(0, list.length - 1)];
  if (schema.$ref !== undefined) {
    const target = root.$defs?.[schema.$ref.replace("#/$defs/", "")];
    return depth > 4 || !target ? null : sample(target, root, source, name, depth + 1);
  }
  if ("const" in schema) return schema.const;
  if (schema.enum) return choose(schema.enum);
  const hinted = pickKnown(known, name, random);
  if (hinted !== undefined && schema.type !== "object" && random.next() < 0.95) return hinted;
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return sample(choose(choices) ?? {}, root, source, name, depth + 1);
  if (schema.type === "object" || schema.properties) return sampleObject(schema, root, source, depth);
  if (schema.type === "array") {
    const length = random.between(schema.minItems ?? 0, (schema.minItems ?? 0) + 2);
    return Array.from({ length }, () => sample(schema.items ?? {}, root, source, name, depth + 1));
  }
  if (schema.type === "integer" || schema.type === "number") {
    const least = Math.max(schema.minimum ?? 1, -1000);
    return random.between(least, Math.min(schema.maximum ?? 20, least + 20));
  }
  if (schema.type === "boolean") return random.next() < 0.5;
  if (schema.type === "null") return null;
  if (schema.format === "date-time")
    return new Date(1_800_000_000_000 + random.between(0, 1e9)).toISOString();
  return "abcdefgh".repeat(4).slice(0, Math.max(schema.minLength ?? 1, random.between(1, 30)));
}

function sampleObject(schema: Schema, root: Schema, source: Source, depth: number): Record<string, unknown> {
  const { random } = source;
  const made: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(schema.properties ?? {}))
    if (schema.required?.includes(name) || random.next() < 0.5)
      made[name] = sample(member, root, source, name, depth + 1);
  const others = schema.additionalProperties;
  if (typeof others === "object")
    for (let n = random.between(0, 2); n > 0; n--)
      made[`entry${n}`] = sample(others, root, source, "", depth + 1);
  return made;
}

/** Names are compared without regard to case and underscores: `license_key`, `licenseKey`. */
function pickKnown(known: Known, name: string, random: Random): unknown {
  const list = known[name.toLowerCase().replaceAll(/[^a-z]/g, "")];
  return list?.[random.between(0, list.length - 1)];
}
