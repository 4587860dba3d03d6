import { expect, test } from "vitest";
import { problemCodes } from "#app/api/problem.ts";
import { exampleWorld } from "#app/api/v1/example-requests.ts";
import { apiReference } from "#app/api/v1/reference.server.ts";
import { v1Endpoints } from "#app/api/v1/v1.server.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const { sections, problems } = apiReference();
const endpoints = sections.flatMap(({ endpoints: each }) => each);

test("the page tells of every endpoint once, each with an anchor of its own, and of every error code", () => {
  const names = endpoints.map(({ method, path }) => `${method} ${path}`);
  expect(names.sort()).toEqual(v1Endpoints.map(({ method, path }) => `${method} ${path}`).sort());
  const anchors = [...sections, ...endpoints].map(({ id }) => id).concat(problems.map(({ code }) => code));
  expect(new Set(anchors).size).toBe(anchors.length);
  expect(problems.map(({ code }) => code)).toEqual(problemCodes);
});

test("every field says what it holds, those within an object too", () => {
  const create = endpoints.find(({ method, path }) => `${method} ${path}` === "POST /api/v1/licenses");
  const rows = create?.fields.flatMap(({ rows: each }) => each) ?? [];
  expect(rows.find(({ name }) => name === "policy")).toMatchObject({
    type: "text up to 128",
    required: true,
  });
  expect(rows.find(({ name }) => name === "quantity")).toMatchObject({ type: "whole number 1 to 100" });
  expect(rows.find(({ name }) => name === "customer.email")?.required).toBe(true);
  expect(rows.find(({ name }) => name === "validUntil")?.type).toBe("instant or null");
  for (const { fields } of endpoints)
    for (const { rows: each } of fields) for (const { name, type } of each) expect(type, name).not.toBe("");
});

test("no example has a license key in an address", () => {
  for (const { request } of endpoints) {
    const [, address] = /'(http[^']+)'/.exec(request) ?? [];
    expect(address).toBeDefined();
    expect(address).not.toContain(exampleWorld.key);
  }
});
