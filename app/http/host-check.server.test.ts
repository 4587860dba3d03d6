import { expect, test } from "vitest";
import { startEdge } from "#tests/setup/edge-server.tsx";

const appUrl = "https://licenses.example.com";
const direct = await startEdge({ appUrl, production: true });
const proxied = await startEdge({ appUrl, production: true, trustProxy: "loopback" });

test.each([
  ["licenses.example.com", 200],
  ["LICENSES.example.com", 200],
  ["licenses.example.com:443", 200],
  ["licenses.example.com:8443", 421],
  ["evil.example", 421],
  ["licenses.example.com.evil.example", 421],
  ["localhost", 421],
  ["127.0.0.1", 421],
  ["licenses.example.com@evil.example", 421],
  ["a b", 400],
])("a request for the host %s is %i", async (host, status) => {
  expect((await direct.ask("/page", { headers: { Host: host } })).status).toBe(status);
});

test("a load balancer may ask for health by address", async () => {
  expect((await direct.ask("/health/live", { headers: { Host: "10.0.0.7:3000" } })).status).toBe(200);
});

test("X-Forwarded-Host means nothing without a trusted proxy", async () => {
  const poisoned = { Host: "licenses.example.com", "X-Forwarded-Host": "evil.example" };
  const answer = await direct.ask("/page", { headers: poisoned });
  expect(answer.status).toBe(200);
  expect(answer.body).not.toContain("evil.example");
  const borrowed = { Host: "evil.example", "X-Forwarded-Host": "licenses.example.com" };
  expect((await direct.ask("/page", { headers: borrowed })).status).toBe(421);
});

test("a trusted proxy tells the host, and it must still be ours", async () => {
  const ask = (forwarded: string) =>
    proxied.ask("/page", { headers: { Host: "10.0.0.7:3000", "X-Forwarded-Host": forwarded } });
  expect((await ask("licenses.example.com")).status).toBe(200);
  expect((await ask("evil.example")).status).toBe(421);
});

test("an action behind a trusted proxy runs for our Origin", async () => {
  const headers = {
    ...{ Host: "10.0.0.7:3000", "X-Forwarded-Host": "licenses.example.com", "X-Forwarded-Proto": "https" },
    Origin: appUrl,
  };
  expect((await proxied.ask("/page", { method: "POST", headers, body: "" })).status).toBe(200);
});

test("on https browsers are told to stay there", async () => {
  const { headers } = await direct.ask("/page", { headers: { Host: "licenses.example.com" } });
  expect(headers["strict-transport-security"]).toBe("max-age=31536000");
});
