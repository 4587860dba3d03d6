import type { Endpoint } from "#app/api/endpoint.server.ts";
import { type ProblemCode, problemCodes, problemStatuses } from "#app/api/problem.ts";
import { exampleAnswers } from "#app/api/v1/example-answers.ts";
import { exampleRequests } from "#app/api/v1/example-requests.ts";
import { isObject, type Json, type JsonObject, jsonSchema } from "#app/api/v1/json-schema.server.ts";
import { endpointName, problemCodesOf, tagOf, tags } from "#app/api/v1/openapi.server.ts";
import { problemWords } from "#app/api/v1/problem-words.ts";
import { v1Endpoints } from "#app/api/v1/v1.server.ts";
import { scopeMeaning, scopes } from "#app/domain/api-key/scopes.ts";
import { getEnv } from "#app/infra/env.server.ts";

/** One field of a request: its place in the body (`customer.email`), what it may hold, what it means. */
export type ReferenceField = { name: string; type: string; required: boolean; description: string };

export type ReferenceEndpoint = {
  /** The anchor on the page. */
  id: string;
  method: string;
  path: string;
  summary: string;
  description: string;
  /** The scope an API key must have; null = public. */
  scope: string | null;
  takesIdempotencyKey: boolean;
  fields: { title: string; rows: ReferenceField[] }[];
  request: string;
  answers: { status: string; description: string }[];
  /** A real one, as a test got it. */
  answer: string | null;
  problems: ProblemCode[];
};

export type ApiReference = {
  sections: { id: string; name: string; description: string; endpoints: ReferenceEndpoint[] }[];
  problems: { code: ProblemCode; status: number; title: string; meaning: string }[];
  scopes: { scope: string; meaning: string }[];
};

/** What the page of the API reference shows, from the same schemas and examples as the OpenAPI document. */
export function apiReference(): ApiReference {
  const serverUrl = getEnv().appUrl;
  return {
    sections: tags.map(({ name, description }) => ({
      ...{ id: slug(name), name, description },
      endpoints: v1Endpoints
        .filter((each) => tagOf(each) === name)
        .map((each) => describeEndpoint(each, serverUrl)),
    })),
    problems: problemCodes.map((code) => ({ code, status: problemStatuses[code], ...problemWords[code] })),
    scopes: scopes.map((scope) => ({ scope, meaning: scopeMeaning(scope) })),
  };
}

const slug = (text: string) => text.toLowerCase().replace(/[^a-z]+/g, "-");

function describeEndpoint(of: Endpoint, serverUrl: string): ReferenceEndpoint {
  const { method, path, summary, description = "", access, params, query, body, writes = false } = of;
  const example = exampleAnswers[endpointName(of)];
  const fields = [
    { title: "In the address", rows: params ? rowsOf(params, "input") : [] },
    { title: "In the query", rows: query ? rowsOf(query, "input") : [] },
    { title: "In the body", rows: body ? rowsOf(body, "input") : [] },
  ];
  return {
    ...{ method, path, summary, description },
    id: slug(`${method}-${path.replace("/api/v1/", "")}`),
    scope: access === "public" ? null : access,
    takesIdempotencyKey: writes,
    fields: fields.filter(({ rows }) => rows.length > 0),
    request: curl(of, serverUrl),
    answers: Object.entries(of.answers ?? {}).map(([status, answer]) => ({
      status,
      description: answer.description,
    })),
    answer: example ? JSON.stringify(example.body, null, 2) : null,
    problems: problemCodesOf(of),
  };
}

/** The example as a person types it into a shell. */
function curl(of: Endpoint, serverUrl: string): string {
  const { params = {}, query = "", body } = exampleRequests[endpointName(of)] ?? {};
  const path = of.path.replace(/:(\w+)/g, (_, name: string) => params[name] ?? "");
  const lines = [`curl ${of.method === "GET" ? "" : `-X ${of.method} `}'${serverUrl}${path}${query}'`];
  // Brackets mean something to curl itself.
  if (query.includes("[")) lines[0] = lines[0]?.replace("curl ", "curl -g ") ?? "";
  if (of.access !== "public") lines.push(`-H 'Authorization: Bearer lk_…'`);
  if (of.writes && of.access !== "public") lines.push(`-H 'Idempotency-Key: ${exampleIdempotencyKey}'`);
  if (body) lines.push(`-H 'Content-Type: application/json'`, `-d '${shellText(JSON.stringify(body))}'`);
  return lines.join(" \\\n  ");
}

const exampleIdempotencyKey = "sale-1042";
const shellText = (text: string) => text.replaceAll("'", "'\\''");

function rowsOf(schema: NonNullable<Endpoint["body"]>, io: "input" | "output"): ReferenceField[] {
  const definitions: JsonObject = {};
  return fieldsOf(jsonSchema(schema, io, definitions), definitions, "");
}

/** One row for each field, and below an object one for each of its own. */
function fieldsOf(schema: JsonObject, definitions: JsonObject, prefix: string): ReferenceField[] {
  const { properties, required } = schema;
  const needed = Array.isArray(required) ? required : [];
  return Object.entries(isObject(properties) ? properties : {}).flatMap(([name, property]) => {
    if (!isObject(property)) return [];
    const row = {
      name: prefix + name,
      type: typeWords(property),
      required: needed.includes(name),
      description: typeof property.description === "string" ? property.description : "",
    };
    const inner = alternatives(property).find((each) => isObject(each.properties));
    return inner ? [row, ...fieldsOf(inner, definitions, `${row.name}.`)] : [row];
  });
}

function alternatives(schema: JsonObject): JsonObject[] {
  const { anyOf } = schema;
  return Array.isArray(anyOf) ? anyOf.filter(isObject) : [schema];
}

/** `text up to 128`, `whole number 1 to 100`, `one of a, b`, `null`. */
function typeWords(schema: JsonObject): string {
  const words = alternatives(schema).flatMap((each) => {
    const { type, enum: choices } = each;
    if (Array.isArray(choices)) return [`one of ${choices.map(String).join(", ")}`];
    const types: Json[] = Array.isArray(type) ? type : type === undefined ? ["value"] : [type];
    return types.map((name) => typeName(String(name), each));
  });
  return [...new Set(words)].join(" or ");
}

function typeName(type: string, schema: JsonObject): string {
  const { format, maxLength, minimum, maximum, items } = schema;
  if (type === "string") {
    if (format === "date-time") return "instant";
    return maxLength === undefined ? "text" : `text up to ${String(maxLength)}`;
  }
  if (type === "integer") {
    const isBounded = typeof maximum === "number" && maximum < Number.MAX_SAFE_INTEGER;
    return isBounded ? `whole number ${String(minimum ?? 0)} to ${maximum}` : "whole number";
  }
  if (type === "array") return `list of ${isObject(items) ? typeWords(items) : "values"}`;
  return type === "boolean" ? "true or false" : type;
}
