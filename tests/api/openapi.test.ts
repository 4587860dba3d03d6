import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";
import { z } from "zod";
import { problemCodes, problemStatuses } from "#app/api/problem.ts";
import { exampleAnswers } from "#app/api/v1/example-answers.ts";
import { endpointName } from "#app/api/v1/openapi.server.ts";
import { v1Endpoints } from "#app/api/v1/v1.server.ts";
import { callApi, startApi } from "#tests/api/api-server.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const { url } = await startApi();
const { body } = await callApi(`${url}/openapi.json`);
const Operation = z.looseObject({
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z.array(z.looseObject({ $ref: z.string().optional(), name: z.string().optional() })),
  responses: z.record(z.string(), z.unknown()),
});
const document = z
  .looseObject({
    paths: z.record(z.string(), z.record(z.string(), Operation)),
    components: z.looseObject({
      responses: z.record(z.string(), z.looseObject({ description: z.string() })),
      schemas: z.record(z.string(), z.looseObject({})),
    }),
  })
  .parse(body);

test("the served document is valid OpenAPI 3.1", async () => {
  const result = await new Validator().validate(JSON.parse(JSON.stringify(body)));
  expect(result.errors ?? []).toEqual([]);
  expect(result.valid).toBe(true);
  expect(document.openapi).toBe("3.1.0");
});

test("every route is in it, with the scope it needs", () => {
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`),
  );
  expect(described.sort()).toEqual(v1Endpoints.map(endpointName).sort());
  for (const { method, path, access } of v1Endpoints) {
    const operation = document.paths[path.replace(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()];
    expect(operation?.security).toEqual(access === "public" ? [] : [{ apiKey: [access] }]);
  }
});

test("every problem code is explained, under its status and in the schema", () => {
  const schema = JSON.stringify(document.components.schemas.Problem);
  for (const code of problemCodes) {
    expect(document.components.responses[problemStatuses[code]]?.description).toContain(`\`${code}\``);
    expect(schema).toContain(`"${code}"`);
  }
});

test("every reference leads somewhere", () => {
  const references = [...JSON.stringify(body).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(
    ([, path]) => path ?? "",
  );
  expect(references.length).toBeGreaterThan(100);
  for (const path of new Set(references)) {
    let at: unknown = body;
    for (const step of path.split("/"))
      at = at !== null && typeof at === "object" ? (at as Record<string, unknown>)[step] : undefined;
    expect(at, path).toBeDefined();
  }
});

test("every documented answer fits the schema of its endpoint", () => {
  for (const endpoint of v1Endpoints) {
    const example = exampleAnswers[endpointName(endpoint)];
    const schema = endpoint.answers?.[example?.status ?? 0]?.schema;
    expect(schema, endpointName(endpoint)).toBeDefined();
    const parsed = schema?.safeParse(example?.body);
    expect(parsed?.error?.issues, endpointName(endpoint)).toBeUndefined();
    // The schema names every field of the answer: parsing drops the others.
    expect(parsed?.data, endpointName(endpoint)).toEqual(example?.body);
  }
});
