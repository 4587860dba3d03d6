import { z } from "zod";

export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [name: string]: Json };

/** JSON Schema of what a request holds or an answer carries; named parts go into `schemas`. */
export function jsonSchema(schema: z.ZodType, io: "input" | "output", schemas: JsonObject): JsonObject {
  const {
    $schema: _,
    $defs,
    ...root
  } = plain(
    z.toJSONSchema(schema, {
      io,
      unrepresentable: "any",
      override: ({ jsonSchema: part }) => {
        // An answer may gain fields; whoever reads one must not refuse those it does not know.
        if (io === "output" && part.additionalProperties === false) delete part.additionalProperties;
      },
    }),
  );
  for (const [name, definition] of Object.entries(isObject($defs) ? $defs : {})) {
    const [known, text] = [schemas[publicName(name)], JSON.stringify(definition)];
    if (known !== undefined && JSON.stringify(known) !== text)
      throw new Error(`Two different schemas are called ${publicName(name)}.`);
    schemas[publicName(name)] = definition;
  }
  return root;
}

/** The one schema that names itself: any JSON value, which holds itself. */
const publicName = (name: string) => (name === "__schema0" ? "Json" : name);

function plain(schema: object): JsonObject {
  const text = JSON.stringify(schema).replace(
    /"#\/\$defs\/([^"]+)"/g,
    (_, name: string) => `"#/components/schemas/${publicName(name)}"`,
  );
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new Error("A JSON Schema is an object.");
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
