import type { z } from "zod";
import type { Endpoint } from "#app/api/endpoint.server.ts";
import { type ProblemCode, problemCodes, problemStatuses } from "#app/api/problem.ts";
import { exampleAnswers } from "#app/api/v1/example-answers.ts";
import { exampleRequests } from "#app/api/v1/example-requests.ts";
import { isObject, type Json, type JsonObject, jsonSchema } from "#app/api/v1/json-schema.server.ts";
import {
  answerHeaders,
  headers,
  metadataParameter,
  parameters,
  problemResponses,
  problemSchema,
} from "#app/api/v1/openapi-parts.ts";
import { scopeMeaning, scopes } from "#app/domain/api-key/scopes.ts";

/** The name of an endpoint among the examples and in links: `POST /api/v1/licenses`. */
export const endpointName = ({ method, path }: Pick<Endpoint, "method" | "path">) => `${method} ${path}`;

/**
 * The OpenAPI 3.1 document of these endpoints, made of the very schemas that parse their requests, so that it cannot
 * say anything else than they do.
 * @throws Error when two different schemas have one name.
 */
export function openApiDocument(endpoints: readonly Endpoint[], serverUrl: string): JsonObject {
  const schemas: JsonObject = {};
  const paths: Record<string, JsonObject> = {};
  for (const each of endpoints) {
    const path = each.path.replace(/:(\w+)/g, "{$1}");
    const operations = paths[path] ?? {};
    operations[each.method.toLowerCase()] = operation(each, schemas);
    paths[path] = operations;
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Latchkey license API",
      version: "1",
      summary: "Check, activate and manage software licenses",
      license: { name: "Apache 2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: serverUrl }],
    tags: tags.map(({ name, description }) => ({ name, description })),
    paths,
    components: {
      schemas: { ...schemas, Problem: problemSchema },
      responses: problemResponses(),
      parameters,
      headers,
      securitySchemes: {
        apiKey: {
          type: "http",
          scheme: "bearer",
          description: `An API key, \`lk_…\`. Its scopes: ${scopes.map((scope) => `\`${scope}\` (${scopeMeaning(scope)})`).join(", ")}.`,
        },
      },
    },
  };
}

/** The parts of the API, by what their addresses begin with; the first that fits counts. */
export const tags = [
  {
    name: "License checks",
    description: "What the sold app calls, with the license key as its only secret.",
    holds: ({ access, path }: Endpoint) => access === "public" && path.startsWith("/api/v1/licenses/"),
  },
  {
    name: "Signing keys",
    description: "What license files, tokens and signed answers verify with, and this document.",
    holds: ({ access }: Endpoint) => access === "public",
  },
  {
    name: "Licenses",
    description: "What the vendor's own programs do with licenses.",
    holds: ({ path }: Endpoint) => path.startsWith("/api/v1/licenses"),
  },
  {
    name: "Catalog",
    description: "Products and policies that licenses are made of.",
    holds: ({ access }: Endpoint) => access === "catalog:read",
  },
  { name: "API keys", description: "Keys for programs.", holds: () => true },
];

export const tagOf = (of: Endpoint): string => tags.find(({ holds }) => holds(of))?.name ?? "";

function operation(of: Endpoint, schemas: JsonObject): JsonObject {
  const { method, path, access, summary, description } = of;
  const answers = Object.entries(of.answers ?? {}).map(([status, answer]) => [
    status,
    {
      description: answer.description,
      headers: answerHeaders,
      ...(answer.schema && {
        content: {
          "application/json": {
            schema: jsonSchema(answer.schema, "output", schemas),
            ...exampleOf(exampleAnswers[endpointName(of)]?.body),
          },
        },
      }),
    },
  ]);
  const problems = problemCodesOf(of).map((code) => [
    String(problemStatuses[code]),
    { $ref: `#/components/responses/${problemStatuses[code]}` },
  ]);
  return {
    operationId: `${method.toLowerCase()}-${path.replace("/api/v1/", "").replace(/[^a-z]+/gi, "-")}`,
    tags: [tagOf(of)],
    summary,
    ...(description && { description }),
    security: access === "public" ? [] : [{ apiKey: [access] }],
    parameters: parametersOf(of, schemas),
    ...(of.body && {
      requestBody: {
        required: !of.bodyOptional,
        content: {
          "application/json": {
            schema: jsonSchema(of.body, "input", schemas),
            ...exampleOf(exampleRequests[endpointName(of)]?.body),
          },
        },
      },
    }),
    responses: Object.fromEntries([...answers, ...problems]),
  };
}

const exampleOf = (example: Json | undefined) => (example === undefined ? {} : { example });

/** What may go wrong at an endpoint, in the order of the statuses. */
export function problemCodesOf({ access, path, params, body, query, writes }: Endpoint): ProblemCode[] {
  const isKeyed = access === "public" && path.startsWith("/api/v1/licenses/");
  const possible: Partial<Record<ProblemCode, boolean>> = {
    malformed_request: true,
    unauthorized: access !== "public",
    forbidden: access !== "public" || path.endsWith("/check-out"),
    not_found: params !== undefined,
    license_not_found: isKeyed,
    conflict: writes === true && access !== "public",
    idempotency_conflict: writes === true,
    idempotency_in_progress: writes === true,
    payload_too_large: true,
    unsupported_media_type: body !== undefined,
    invalid_request: body !== undefined || query !== undefined || writes === true,
    rate_limited: true,
    internal_error: true,
    unavailable: true,
  };
  return problemCodes.filter((code) => possible[code]);
}

function parametersOf({ params, query, writes }: Endpoint, schemas: JsonObject): Json[] {
  const own = (schema: z.ZodType | undefined, place: "path" | "query") => {
    if (!schema) return [];
    const { properties, required, additionalProperties } = jsonSchema(schema, "input", schemas);
    const needed = Array.isArray(required) ? required : [];
    const listed = Object.entries(isObject(properties) ? properties : {}).map(([name, property]) => {
      const { description, ...rest } = isObject(property) ? property : {};
      return {
        ...{ name, in: place, required: place === "path" || needed.includes(name), schema: rest },
        ...(typeof description === "string" && { description }),
      };
    });
    return isObject(additionalProperties) ? [...listed, metadataParameter] : listed;
  };
  const shared = writes ? ["IdempotencyKey", "AcceptSignature"] : ["AcceptSignature"];
  return [
    ...own(params, "path"),
    ...own(query, "query"),
    ...shared.map((name) => ({ $ref: `#/components/parameters/${name}` })),
  ];
}
