import { expect, test } from "vitest";
import { passesOriginGate } from "#app/http/origin-gate.ts";
import { startEdge } from "#tests/setup/edge-server.tsx";

const own = "https://licenses.example.com";
const origins = {
  own,
  absent: undefined,
  null: "null",
  foreign: "https://evil.example",
  sibling: "https://other.example.com",
  "own name on http": "http://licenses.example.com",
};
const fetchSites = ["same-origin", "same-site", "cross-site", undefined] as const;

/** The cells that may change something: our Origin, or an Origin not told and a browser's word that it is ours. */
function isAllowed(origin: keyof typeof origins, site: (typeof fetchSites)[number]): boolean {
  if (origin === "own") return true;
  return (origin === "absent" || origin === "null") && site === "same-origin";
}

const edge = await startEdge({ appUrl: own, production: true });

const matrix = (Object.keys(origins) as (keyof typeof origins)[]).flatMap((origin) =>
  fetchSites.map((site) => ({ origin, site })),
);
const targets = {
  "a page": { path: "/page", action: "action of page" },
  "its data address": { path: "/page?_data=page", action: "action of page" },
  "a resource route": { path: "/resource", action: "action of resource" },
  "the data address of a resource route": { path: "/resource?_data=resource", action: "action of resource" },
};

for (const [name, { path, action }] of Object.entries(targets)) {
  test.each(matrix)(`a POST to ${name} with origin $origin from $site`, async ({ origin, site }) => {
    edge.reached.length = 0;
    const { status } = await edge.ask(path, {
      method: "POST",
      body: "a=1",
      headers: {
        Host: "licenses.example.com",
        "Content-Type": "application/x-www-form-urlencoded",
        ...(origins[origin] !== undefined && { Origin: origins[origin] }),
        ...(site && { "Sec-Fetch-Site": site }),
      },
    });
    if (isAllowed(origin, site)) {
      expect(status).toBe(200);
      expect(edge.reached).toContain(action);
    } else {
      expect(status).toBe(403);
      expect(edge.reached).toEqual([]);
    }
  });
}

test.each(["POST", "PUT", "PATCH", "DELETE"])("a foreign %s reaches no action", async (method) => {
  edge.reached.length = 0;
  const headers = { Host: "licenses.example.com", Origin: "https://evil.example" };
  expect((await edge.ask("/page", { method, headers, body: "" })).status).toBe(403);
  expect(edge.reached).toEqual([]);
});

test.each([
  "/webhooks/../page",
  "/webhooks/%2e%2e/page",
  "/webhooks/%2E./page",
  "/webhooks/..\\page",
  "/webhooks\\..\\page",
  "/api/./../page",
])("%s does not pass for an address that programs call", async (path) => {
  edge.reached.length = 0;
  const headers = { Host: "licenses.example.com", Origin: "https://evil.example" };
  expect((await edge.ask(path, { method: "POST", headers, body: "" })).status).toBe(400);
  expect(edge.reached).toEqual([]);
});

test("addresses that programs call need no Origin", async () => {
  const headers = { Host: "licenses.example.com" };
  expect((await edge.ask("/webhooks/other", { method: "POST", headers, body: "{}" })).status).toBe(200);
});

test("the scripts of a page find out that a form of theirs was refused", async () => {
  const headers = { Host: "licenses.example.com", Origin: "https://evil.example" };
  const answer = await edge.ask("/page?_data=page", { method: "POST", headers, body: "" });
  expect(answer.headers["x-remix-catch"]).toBe("yes");
  expect(JSON.parse(answer.body)).toEqual({ message: expect.stringContaining("not sent from a page") });
});

const local = { appUrl: "http://localhost:3000", production: false };
const post = { method: "POST", path: "/page", secFetchSite: undefined };

test.each([
  ["http://127.0.0.1:3000", "127.0.0.1:3000", true],
  ["http://localhost:4711", "localhost:4711", true],
  ["http://[::1]:3000", "[::1]:3000", true],
  ["http://127.0.0.1:3000", "localhost:3000", false],
  ["http://localhost:9999", "localhost:4711", false],
  ["http://evil.example:3000", "evil.example:3000", false],
  ["https://localhost:4711", "localhost:4711", false],
  ["not a url", "localhost:3000", false],
])("on a developer's machine %s may send to %s: %s", (origin, host, expected) => {
  expect(passesOriginGate({ ...post, origin, host }, local)).toBe(expected);
});

test("a public site in production does not trust its loopback name", () => {
  const request = { ...post, origin: "http://localhost:3000", host: "localhost:3000" };
  expect(passesOriginGate(request, { appUrl: own, production: true })).toBe(false);
});

test.each(["GET", "HEAD", "OPTIONS"])("%s passes from anywhere, since it changes nothing", (method) => {
  const request = {
    method,
    path: "/page",
    origin: "https://evil.example",
    secFetchSite: "cross-site",
    host: "x",
  };
  expect(passesOriginGate(request, local)).toBe(true);
});
