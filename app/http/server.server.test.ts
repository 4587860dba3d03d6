import { connect } from "node:net";
import { expect, test } from "vitest";
import { type Answer, secretFailure, startEdge } from "#tests/setup/edge-server.tsx";

const mounts = [
  {
    owns: (path: string): boolean => path === "/webhooks/stripe",
    handle: (_request: unknown, response: { end: (text: string) => void }) => response.end("mounted"),
  },
];
const edge = await startEdge({ stripeApiBase: "http://127.0.0.1:12111" }, mounts);
const own = () => ({ Origin: `http://localhost:${edge.port}` });

const nonceOf = (answer: Answer) =>
  /'nonce-([^']+)'/.exec(String(answer.headers["content-security-policy"]))?.[1];

/** Header values without what differs from request to request. */
function steady(answer: Answer) {
  const {
    date: _date,
    "x-request-id": _id,
    "content-length": _length,
    etag: _etag,
    ...rest
  } = answer.headers;
  const nonce = nonceOf(answer);
  const text = JSON.stringify(rest);
  return JSON.parse(nonce ? text.replaceAll(nonce, "NONCE") : text);
}

test("a page carries these headers", async () => {
  expect(steady(await edge.ask("/page"))).toMatchInlineSnapshot(`
    {
      "cache-control": "private, no-cache",
      "connection": "close",
      "content-security-policy": "default-src 'self'; script-src 'strict-dynamic' 'nonce-NONCE'; style-src 'self' 'nonce-NONCE'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' https://checkout.stripe.com https://billing.stripe.com http://127.0.0.1:12111",
      "content-type": "text/html; charset=utf-8",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "origin-agent-cluster": "?1",
      "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
      "referrer-policy": "same-origin",
      "transfer-encoding": "chunked",
      "vary": "Cookie, Accept-Encoding",
      "x-content-type-options": "nosniff",
      "x-dns-prefetch-control": "off",
      "x-download-options": "noopen",
      "x-frame-options": "DENY",
      "x-permitted-cross-domain-policies": "none",
      "x-xss-protection": "0",
    }
  `);
});

test("a private page stays out of every cache", async () => {
  for (const path of [
    "/portal/page",
    "/Portal/page",
    "/admin",
    "/sign-in",
    "/sign-out",
    "/checkout/return?session_id=1",
  ])
    expect((await edge.ask(path)).headers["cache-control"], path).toBe("no-store");
  expect((await edge.ask("/portals")).headers["cache-control"]).toBe("private, no-cache");
});

test("a route's own policy replaces the site's, so that our own page may frame a mail", async () => {
  const { headers } = await edge.ask("/framed");
  expect(headers["content-security-policy"]).toBe("default-src 'none'; frame-ancestors 'self'");
  expect(headers["cache-control"]).toBe("max-age=60");
  expect(headers["x-frame-options"]).toBeUndefined();
  expect(headers["x-content-type-options"]).toBe("nosniff");
});

test("every inline script and style carries the nonce of its own answer, and no two answers share one", async () => {
  const seen = new Set<string>();
  for (let i = 0; i < 200; i++) {
    const path = ["/page", "/nowhere", "/broken"][i % 3] ?? "/page";
    const answer = await edge.ask(path, { headers: { Accept: "text/html" } });
    const nonce = nonceOf(answer);
    expect(nonce).toMatch(/^[A-Za-z0-9+/]{22}==$/);
    if (nonce) seen.add(nonce);
    const tags = answer.body.match(/<(script|style)\b[^>]*>/g) ?? [];
    expect(tags.length).toBeGreaterThan(0);
    for (const tag of tags) expect(tag).toContain(`nonce="${nonce}"`);
    expect(answer.body).not.toMatch(/ style="/);
  }
  expect(seen.size).toBe(200);
});

test("an unexpected failure shows a page with the request id and nothing of the error, which is in the log", async () => {
  edge.log.length = 0;
  for (const [path, accept] of [
    ["/broken", "text/html"],
    ["/broken?_data=broken", "*/*"],
  ] as const) {
    const answer = await edge.ask(path, { headers: { Accept: accept } });
    expect(answer.status).toBe(500);
    expect(answer.body).not.toMatch(/swordfish|\/etc|node_modules|\.tsx?\b|at \w+ \(/);
    const requestId = answer.headers["x-request-id"];
    if (accept === "text/html") expect(answer.body).toContain(`content="${requestId}"`);
    expect(JSON.stringify(edge.log.filter((record) => record.requestId === requestId))).toContain(
      secretFailure,
    );
  }
});

test("an unknown address is a real 404 with a way back and the request id", async () => {
  const answer = await edge.ask("/nowhere", { headers: { Accept: "text/html" } });
  expect(answer.status).toBe(404);
  expect(answer.body).toContain("Error <!-- -->404");
  expect(answer.body).toContain('href="/"');
  expect(answer.body).toContain(`>${answer.headers["x-request-id"]}</code>`);
  expect((await edge.ask("/nowhere", { method: "POST", headers: own(), body: "" })).status).toBe(404);
});

test("the request id is our own, whatever the client sends", async () => {
  const { headers } = await edge.ask("/page", { headers: { "X-Request-Id": "mine" } });
  expect(headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
});

test.each(["/__manifest", "/__manifest?p=/admin", "/page.data", "/_root.data"])(
  "%s, which belongs to a feature that is off, is 404 before Remix sees it",
  async (path) => {
    edge.log.length = 0;
    const answer = await edge.ask(path);
    expect(answer.status).toBe(404);
    expect(answer.headers["content-type"]).toContain("text/plain");
  },
);

test.each(["TRACE", "PROPFIND", "LINK", "PURGE"])("%s is 405", async (method) => {
  const { status, headers } = await edge.ask("/page", { method });
  expect(status).toBe(405);
  expect(headers.allow).toContain("GET");
});

/** What the server says to raw bytes, until it closes the connection. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString();
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

test("CONNECT is 405 and a target that is no path is 400", async () => {
  expect(await raw(edge.port, "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n")).toMatch(
    /^HTTP\/1.1 405/,
  );
  const absolute = "GET http://evil.example/page HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  expect(await raw(edge.port, absolute)).toMatch(/^HTTP\/1.1 400/);
});

test("headers beyond 16 kB are refused, and slow clients are let go of", async () => {
  expect((await edge.ask("/page", { headers: { "X-Large": "x".repeat(17_000) } })).status).toBe(431);
  const { headersTimeout, requestTimeout, maxConnections } = edge.server;
  expect({ headersTimeout, requestTimeout, maxConnections }).toEqual({
    headersTimeout: 15_000,
    requestTimeout: 30_000,
    maxConnections: 4_096,
  });
});

test("a body larger than any form is 413, one of unknown length 411, and neither reaches an action", async () => {
  edge.reached.length = 0;
  const large = await edge.ask("/page", { method: "POST", headers: own(), body: "a".repeat(262_145) });
  expect(large.status).toBe(413);
  const headers = { ...own(), "Transfer-Encoding": "chunked" };
  expect((await edge.ask("/page", { method: "POST", headers, body: "a=1" })).status).toBe(411);
  expect(edge.reached).toEqual([]);
});

test("built files never change and are kept for a year, others for an hour; a missing one is a plain 404", async () => {
  const built = await edge.ask("/assets/root-abc123.js");
  expect(built.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  expect(built.headers.vary ?? "").not.toContain("Cookie");
  expect((await edge.ask("/robots.txt")).headers["cache-control"]).toBe("public, max-age=3600");
  const missing = await edge.ask("/assets/gone.js");
  expect(missing.status).toBe(404);
  expect(missing.headers["cache-control"]).toBe("no-store");
});

test("a mounted handler answers its exact path before anything else", async () => {
  const ask = (path: string) => edge.ask(path, { method: "POST", body: "{}" });
  expect((await ask("/webhooks/stripe")).body).toBe("mounted");
  expect((await ask("/webhooks/stripe?x=1")).body).toBe("mounted");
  expect((await ask("/webhooks/stripe/")).body).not.toBe("mounted");
});

test("the log has one line per request, without cookies or the values of parameters that may be secret", async () => {
  edge.log.length = 0;
  await edge.ask("/page?session_id=cs_secret1&code=SECRET2&status=active", {
    headers: { Cookie: "latchkey-session=secret3", Authorization: "Bearer secret4" },
  });
  const lines = edge.log.filter((record) => record.msg === "request");
  expect(lines).toEqual([
    expect.objectContaining({
      ...{ method: "GET", path: "/page?session_id=…&code=…&status=active", status: 200 },
      ...{ requestId: expect.any(String), ms: expect.any(Number) },
    }),
  ]);
  expect(JSON.stringify(edge.log)).not.toMatch(/secret/i);
});

test("closing lets a request under way finish and takes no new one", async () => {
  let finish = () => {};
  const started = new Promise<void>((resolve) => {
    mounts.push({
      owns: (path): boolean => path === "/slow",
      handle: (_request, response) => {
        finish = () => response.end("done");
        resolve();
      },
    });
  });
  const other = await startEdge({}, mounts);
  const underWay = other.ask("/slow", { headers: { Connection: "keep-alive" } });
  await started;
  const closed = other.close();
  await expect(other.ask("/page")).rejects.toThrow("ECONNREFUSED");
  finish();
  expect((await underWay).body).toBe("done");
  await closed;
});
