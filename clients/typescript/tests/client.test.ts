import { createServer } from "node:net";
import { expect, test } from "vitest";
import {
  type ClientOptions,
  createLatchkeyClient,
  memoryStorage,
  type TroubleKind,
  UnsupportedPlatformError,
} from "#src/index.ts";
import { isAnswerSigned } from "#src/signed-answer.ts";
import {
  checkBody,
  type FakeServer,
  problem,
  type Reply,
  startFakeServer,
  usualReply,
} from "#tests/fake-server.ts";
import {
  createSigner,
  fingerprint,
  hour,
  issued,
  licenseKey,
  machineDocument,
  sealFile,
} from "#tests/sealed-files.ts";

type Clock = { now: Date };

/** A server, a client for it, and the clock of the device; storage lives on when `again` makes the app start anew. */
async function start(options: Partial<ClientOptions> = {}) {
  const server = await startFakeServer(issued);
  const clock: Clock = { now: issued };
  const storage = memoryStorage();
  const again = (changes: Partial<ClientOptions> = {}) =>
    createLatchkeyClient({
      baseUrl: server.url,
      product: "lumen",
      publicKeys: [server.signer.publicKey],
      fingerprint,
      storage,
      now: () => clock.now,
      retries: 0,
      ...options,
      ...changes,
    });
  return { server, clock, storage, again, client: again() };
}

async function unusedAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? `http://127.0.0.1:${address.port}` : "";
}

const later = (hours: number) => new Date(issued.getTime() + hours * hour);
const hangUp = (server: FakeServer) => {
  server.instead = () => null;
};
const paths = (server: FakeServer) => server.asked.map(({ path }) => path);

test("the server's answer comes through, with dates", async () => {
  const { server, client } = await start();
  server.facts = { validUntil: later(100), worksUntil: later(200) };
  expect(await client.validate(` ${licenseKey} `)).toMatchObject({
    source: "server",
    valid: true,
    reason: "VALID",
    message: "The answer is VALID.",
    license: {
      id: "lic_1",
      policy: "lumen-pro",
      validUntil: later(100),
      worksUntil: later(200),
      updatesUntil: null,
      entitlements: { export: true },
      deviceLimit: 3,
      activeDevices: 1,
      floating: false,
    },
    device: { id: "dev_1", name: "Studio Mac", firstSeenAt: new Date("2026-01-05T09:00:00Z") },
    serverTime: issued,
    trouble: null,
  });
  expect(server.asked[0]).toMatchObject({
    path: "validate",
    body: { product: "lumen", key: licenseKey, fingerprint },
  });
});

test("each refusal of the server comes through as it is", async () => {
  const { server, client } = await start();
  for (const code of ["EXPIRED", "SUSPENDED", "REVOKED", "DEVICE_NOT_ACTIVE", "DEVICE_LIMIT_REACHED"]) {
    server.code = code;
    expect(await client.validate(licenseKey)).toMatchObject({ source: "server", valid: false, reason: code });
  }
});

test("a refusal of a newer server still refuses", async () => {
  const { server, client } = await start();
  server.code = "TOO_OLD_VERSION";
  expect(await client.validate(licenseKey)).toMatchObject({
    source: "server",
    valid: false,
    reason: "OTHER",
    message: "The answer is TOO_OLD_VERSION.",
  });
});

test("an unknown key is an answer, not trouble", async () => {
  const { server, client } = await start();
  server.instead = () => problem(404, "license_not_found");
  expect(await client.validate("nonsense")).toMatchObject({
    source: "server",
    valid: false,
    reason: "LICENSE_NOT_FOUND",
    message: "Because of license_not_found.",
    license: null,
  });
});

test("activation sends what people see of the device, and keeps a file", async () => {
  const { server, client } = await start({ device: { platform: "darwin arm64", appVersion: "2.1.0" } });
  const check = await client.activate(licenseKey, { device: { name: "Studio Mac" } });
  expect(check).toMatchObject({ source: "server", valid: true, offlineUntil: later(72) });
  expect(server.asked[0]).toMatchObject({
    path: "activate",
    body: { name: "Studio Mac", platform: "darwin arm64", appVersion: "2.1.0", fingerprint },
  });
  expect(paths(server)).toEqual(["activate", "check-out"]);
});

test("what a device says of itself is cut to what the server takes", async () => {
  const { server, client } = await start({ device: { hostname: "h".repeat(300), name: "  " } });
  await client.activate(licenseKey, { device: { platform: "p".repeat(65) } });
  const { body } = server.asked[0] ?? {};
  expect(body).toMatchObject({ hostname: "h".repeat(255), platform: "p".repeat(64) });
  expect(body).not.toHaveProperty("name");
});

test("a refused activation keeps no file", async () => {
  const { server, client } = await start();
  server.code = "DEVICE_LIMIT_REACHED";
  expect(await client.activate(licenseKey)).toMatchObject({ valid: false, reason: "DEVICE_LIMIT_REACHED" });
  hangUp(server);
  expect(await client.validate(licenseKey)).toMatchObject({ source: "file", reason: "no-file" });
});

const troubles: [string, TroubleKind, () => Reply | null][] = [
  ["hangs up", "unreachable", () => null],
  ["has an internal error", "server-error", () => problem(500, "internal_error")],
  ["has no database", "server-error", () => problem(503, "unavailable", { "Retry-After": "5" })],
  ["asks for a pause", "rate-limited", () => problem(429, "rate_limited", { "Retry-After": "30" })],
  ["refuses the call", "refused-call", () => problem(422, "invalid_request")],
  ["is a proxy", "server-error", () => ({ status: 502, text: "<h1>Bad gateway</h1>" })],
  [
    "is a sign-in page",
    "not-an-answer",
    () => ({ headers: { "Content-Type": "text/html" }, text: "<h1>Hotel</h1>" }),
  ],
  ["is a sign-in page that answers 404", "not-an-answer", () => ({ status: 404, text: "not found" })],
  ["answers something else", "not-an-answer", () => ({ body: { hello: "world" } })],
  [
    "answers valid without an end that can be read",
    "not-an-answer",
    () => ({
      body: { valid: true, code: "VALID", serverTime: issued, license: { id: "lic_1", product: "lumen" } },
    }),
  ],
  [
    "sends the app elsewhere",
    "unreachable",
    () => ({ status: 307, headers: { Location: "http://127.0.0.1:1/" } }),
  ],
];

test.each(troubles)("when the server %s, the kept file decides (%s)", async (_what, kind, instead) => {
  const { server, clock, client, again } = await start();
  await client.activate(licenseKey);
  clock.now = later(24);
  server.instead = instead;
  const check = await again().validate(licenseKey);
  expect(check).toMatchObject({
    source: "file",
    valid: true,
    reason: "VALID",
    offlineUntil: later(72),
    license: { id: "lic_1", entitlements: { export: true } },
    device: { id: "dev_1" },
    trouble: { kind },
  });
});

test("trouble without a file is no verdict: it names the trouble and asks to try again", async () => {
  const { server, client } = await start();
  server.instead = () => problem(503, "unavailable");
  expect(await client.validate(licenseKey)).toMatchObject({
    source: "file",
    valid: false,
    reason: "no-file",
    retryable: true,
    message: "The license server has a problem.",
    trouble: { kind: "server-error", status: 503, code: "unavailable" },
  });
});

test("a server that says nothing is given up after the time-out", async () => {
  const { server, client } = await start({ timeoutSeconds: 0.2 });
  await client.activate(licenseKey);
  server.instead = () => new Promise(() => undefined);
  expect(await client.validate(licenseKey)).toMatchObject({
    source: "file",
    valid: true,
    trouble: { kind: "timed-out" },
  });
});

test("an address where nobody listens is trouble, too", async () => {
  const { client } = await start({ baseUrl: await unusedAddress() });
  expect(await client.validate(licenseKey)).toMatchObject({
    reason: "no-file",
    trouble: { kind: "unreachable", code: "ECONNREFUSED" },
  });
});

test("an answer to another question is not believed", async () => {
  const { server, client } = await start();
  const body = checkBody(server, { nonce: "of-yesterday" });
  server.instead = ({ path }) => (path === "validate" ? { body } : undefined);
  expect(await client.validate(licenseKey)).toMatchObject({
    source: "file",
    valid: false,
    reason: "no-file",
    trouble: { kind: "wrong-nonce" },
  });
});

test("no two calls carry the same nonce", async () => {
  const { server, client } = await start();
  for (let i = 0; i < 5; i++) await client.validate(licenseKey);
  const nonces = server.asked.filter(({ path }) => path === "validate").map(({ body }) => body.nonce);
  expect(new Set(nonces).size).toBe(5);
});

test("the file is kept until half its term has passed, then renewed", async () => {
  const { server, clock, client } = await start();
  await client.validate(licenseKey);
  await client.validate(licenseKey);
  server.now = clock.now = later(35);
  await client.validate(licenseKey);
  expect(paths(server).filter((path) => path === "check-out")).toHaveLength(1);
  server.now = clock.now = later(37);
  await client.validate(licenseKey);
  expect(paths(server).filter((path) => path === "check-out")).toHaveLength(2);
});

test("the file is renewed as soon as the license says something else", async () => {
  const { server, client } = await start();
  server.facts = { worksUntil: later(10) };
  await client.validate(licenseKey);
  server.facts = { worksUntil: later(900), entitlements: { export: true, batch: true } };
  await client.validate(licenseKey);
  hangUp(server);
  expect(await client.validate(licenseKey)).toMatchObject({
    source: "file",
    license: { worksUntil: later(900), entitlements: { batch: true } },
  });
});

test("a policy without files costs one refused call, not one for each check", async () => {
  const { server, client } = await start();
  server.instead = ({ path }) => (path === "check-out" ? problem(422, "invalid_request") : undefined);
  for (let i = 0; i < 3; i++)
    expect(await client.validate(licenseKey)).toMatchObject({ valid: true, offlineUntil: null });
  expect(paths(server)).toEqual(["validate", "check-out", "validate", "validate"]);
});

test("trouble with the file takes nothing from the server's answer", async () => {
  const { server, client } = await start();
  server.instead = ({ path }) => (path === "check-out" ? null : undefined);
  expect(await client.validate(licenseKey)).toMatchObject({ source: "server", valid: true });
});

test("what the server refuses has no file any more", async () => {
  const { server, client } = await start();
  await client.activate(licenseKey);
  server.code = "REVOKED";
  await client.validate(licenseKey);
  hangUp(server);
  expect(await client.validate(licenseKey)).toMatchObject({
    source: "file",
    valid: false,
    reason: "no-file",
  });
});

test("two license keys on one device have each their own file", async () => {
  const { server, client } = await start();
  await client.activate(licenseKey);
  hangUp(server);
  expect(await client.validate("LUMEN-OTHER")).toMatchObject({ reason: "no-file" });
  expect(await client.validate(licenseKey)).toMatchObject({ source: "file", valid: true });
});

test("no license key stands in the storage", async () => {
  const { server, storage, client } = await start();
  const kept: string[] = [];
  const watched = {
    ...storage,
    set: (name: string, value: string) => {
      kept.push(name, value);
      return storage.set(name, value);
    },
  };
  await client.activate(licenseKey);
  await createLatchkeyClient({
    baseUrl: server.url,
    product: "lumen",
    publicKeys: [server.signer.publicKey],
    storage: watched,
    encryptFiles: true,
  }).activate(licenseKey);
  expect(kept.length).toBeGreaterThan(3);
  expect(kept.join("\n")).not.toContain(licenseKey);
});

test("offline, an expired file stops counting, later where the app gives a grace", async () => {
  const { server, clock, client, again } = await start();
  await client.activate(licenseKey);
  hangUp(server);
  clock.now = later(73);
  expect(await client.validate(licenseKey)).toMatchObject({
    source: "file",
    valid: false,
    reason: "file-expired",
    retryable: true,
  });
  expect(await again({ offlineGraceHours: 24 }).validate(licenseKey)).toMatchObject({
    valid: true,
    offlineUntil: later(96),
  });
});

test("offline, a license past its end is refused although the file is fresh", async () => {
  const { server, clock, client } = await start();
  server.facts = { validUntil: later(5), worksUntil: later(10) };
  await client.activate(licenseKey);
  hangUp(server);
  clock.now = later(6);
  expect(await client.validate(licenseKey)).toMatchObject({ valid: true, reason: "GRACE" });
  clock.now = later(11);
  expect(await client.validate(licenseKey)).toMatchObject({ valid: false, reason: "license-expired" });
});

test("a kept file that somebody changed does not count", async () => {
  const { server, storage, client } = await start();
  let changed = 0;
  const tampering = {
    ...storage,
    get: async (name: string) => {
      const value = await storage.get(name);
      if (!value?.startsWith("-----BEGIN")) return value;
      changed++;
      const stranger = createSigner();
      return sealFile(stranger, machineDocument(stranger, { expiry: later(9_999) }));
    },
  };
  await client.activate(licenseKey);
  hangUp(server);
  const app = createLatchkeyClient({
    baseUrl: server.url,
    product: "lumen",
    publicKeys: [server.signer.publicKey],
    fingerprint,
    storage: tampering,
    now: () => issued,
    retries: 0,
  });
  expect(await app.validate(licenseKey)).toMatchObject({
    source: "file",
    valid: false,
    reason: "unknown-key",
  });
  expect(changed).toBeGreaterThan(0);
});

test("a kept file carried to another device does not count there", async () => {
  const { server, client, again } = await start();
  await client.activate(licenseKey);
  hangUp(server);
  expect(await again({ fingerprint: "another" }).validate(licenseKey)).toMatchObject({
    valid: false,
    reason: "wrong-device",
  });
});

test("offline, a clock set back before the server's time is refused, and good again when it is set right", async () => {
  const { server, clock, client, again } = await start();
  await client.activate(licenseKey);
  server.now = clock.now = later(20);
  await client.validate(licenseKey);
  hangUp(server);
  clock.now = later(10);
  expect(await again().validate(licenseKey)).toMatchObject({
    valid: false,
    reason: "clock-rolled-back",
    retryable: true,
  });
  clock.now = later(21);
  expect(await again().validate(licenseKey)).toMatchObject({ valid: true });
});

test("offline, a clock set back day by day is refused, because the device remembers what it showed", async () => {
  const { server, clock, client, again } = await start();
  await client.activate(licenseKey);
  hangUp(server);
  clock.now = later(48);
  expect(await again().validate(licenseKey)).toMatchObject({ valid: true });
  clock.now = later(2);
  expect(await again().validate(licenseKey)).toMatchObject({ valid: false, reason: "clock-rolled-back" });
});

test("a clock that was ahead by mistake locks nobody out once the server is heard", async () => {
  const { server, clock, client, again } = await start();
  await client.activate(licenseKey);
  const { instead } = server;
  hangUp(server);
  clock.now = later(60);
  await client.validate(licenseKey);
  server.instead = instead;
  server.now = clock.now = later(1);
  expect(await client.validate(licenseKey)).toMatchObject({ source: "server", valid: true });
  hangUp(server);
  expect(await again().validate(licenseKey)).toMatchObject({ source: "file", valid: true });
});

test("a device whose clock is slow still gets its file, and uses it once the clock is right", async () => {
  const { server, clock, client } = await start();
  clock.now = later(-3);
  expect(await client.activate(licenseKey)).toMatchObject({ source: "server", valid: true });
  hangUp(server);
  expect(await client.validate(licenseKey)).toMatchObject({ reason: "clock-rolled-back" });
  clock.now = later(1);
  expect(await client.validate(licenseKey)).toMatchObject({ source: "file", valid: true });
});

test("passing trouble is tried again, and the pause the server asks for is kept", async () => {
  const { server, client } = await start({ retries: 2 });
  const replies = [problem(503, "unavailable", { "Retry-After": "1" }), null];
  const times: number[] = [];
  server.instead = () => {
    times.push(performance.now());
    return replies.length > 0 ? replies.shift() : undefined;
  };
  expect(await client.validate(licenseKey)).toMatchObject({ source: "server", valid: true });
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(950);
  expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThan(300);
});

test("a refused call is not tried again", async () => {
  const { server, client } = await start({ retries: 2 });
  server.instead = () => problem(422, "invalid_request");
  expect(await client.validate(licenseKey)).toMatchObject({
    trouble: { kind: "refused-call", code: "invalid_request", message: "Because of invalid_request." },
  });
  expect(server.asked).toHaveLength(1);
});

test("a long pause is not waited for, and the server is left alone until it is over", async () => {
  const { server, client } = await start({ retries: 2 });
  await client.activate(licenseKey);
  server.instead = () => problem(429, "rate_limited", { "Retry-After": "120" });
  const asked = server.asked.length;
  expect(await client.validate(licenseKey)).toMatchObject({ source: "file", valid: true });
  const again = await client.validate(licenseKey);
  expect(again).toMatchObject({ source: "file", valid: true, trouble: { kind: "rate-limited" } });
  expect(again.trouble?.retryAfterSeconds).toBeGreaterThan(110);
  expect(server.asked).toHaveLength(asked + 1);
});

test("deactivation frees the seat and forgets the file", async () => {
  const { server, client } = await start();
  await client.activate(licenseKey);
  expect(await client.deactivate(licenseKey)).toEqual({ released: true, trouble: null });
  server.released = false;
  expect(await client.deactivate(licenseKey)).toEqual({ released: false, trouble: null });
  hangUp(server);
  expect(await client.deactivate(licenseKey)).toMatchObject({
    released: false,
    trouble: { kind: "unreachable" },
  });
  expect(await client.validate(licenseKey)).toMatchObject({ reason: "no-file" });
});

test("a seat is held with three heartbeats a lease, through trouble, until the signal", async () => {
  const { server, client } = await start();
  server.leaseSeconds = 3;
  const stop = new AbortController();
  const beats: string[] = [];
  const holding = client.holdSeat(licenseKey, {
    signal: stop.signal,
    onBeat(check) {
      beats.push(check.source);
      server.instead = beats.length === 1 ? ({ path }) => (path === "heartbeat" ? null : undefined) : null;
      if (beats.length === 3) stop.abort();
    },
  });
  expect(await holding).toEqual({ reason: "stopped" });
  expect(beats).toEqual(["server", "file", "server"]);
});

test("a lost seat ends the holding with the reason", async () => {
  const { server, client } = await start();
  server.leaseSeconds = 3;
  server.code = "DEVICE_LIMIT_REACHED";
  const { signal } = new AbortController();
  expect(await client.holdSeat(licenseKey, { signal })).toMatchObject({
    reason: "lost",
    check: { reason: "DEVICE_LIMIT_REACHED" },
  });
});

test("a seat that is not floating needs no holding", async () => {
  const { client } = await start();
  const { signal } = new AbortController();
  expect(await client.holdSeat(licenseKey, { signal })).toMatchObject({
    reason: "not-floating",
    check: { valid: true },
  });
});

test("an aborted call throws the reason of the signal", async () => {
  const { server, client } = await start();
  server.instead = () => new Promise(() => undefined);
  const reason = new Error("The window was closed.");
  const stop = new AbortController();
  setTimeout(() => stop.abort(reason), 50);
  await expect(client.validate(licenseKey, { signal: stop.signal })).rejects.toBe(reason);
  await expect(client.validate(licenseKey, { signal: stop.signal })).rejects.toBe(reason);
});

test("a refreshed file is judged before it is kept", async () => {
  const { server, client } = await start();
  expect(await client.refreshFile(licenseKey, { ttlSeconds: 7_200 })).toMatchObject({
    ok: true,
    code: "VALID",
  });
  expect(server.asked[0]).toMatchObject({ path: "check-out", body: { encrypted: false, ttlSeconds: 7_200 } });
  server.facts = { product: "umbra" };
  expect(await client.refreshFile(licenseKey)).toMatchObject({ ok: false, reason: "wrong-product" });
  server.instead = () => problem(422, "invalid_request");
  expect(await client.refreshFile(licenseKey)).toMatchObject({
    ok: false,
    reason: "refused-call",
    trouble: { code: "invalid_request" },
  });
  hangUp(server);
  expect(await client.validate(licenseKey)).toMatchObject({ source: "file", valid: true });
});

test("a license that is not good gets no file, and the old one goes", async () => {
  const { server, client } = await start();
  await client.activate(licenseKey);
  server.code = "SUSPENDED";
  expect(await client.refreshFile(licenseKey)).toMatchObject({
    ok: false,
    reason: "refused-call",
    message: "The answer is SUSPENDED.",
    trouble: { code: "SUSPENDED" },
  });
  hangUp(server);
  expect(await client.validate(licenseKey)).toMatchObject({ source: "file", reason: "no-file" });
});

test("encrypted files are asked for and opened where the app wants them", async () => {
  const { server, client } = await start({ encryptFiles: true });
  await client.activate(licenseKey);
  expect(server.asked[1]).toMatchObject({ path: "check-out", body: { encrypted: true } });
  hangUp(server);
  expect(await client.validate(licenseKey)).toMatchObject({ source: "file", valid: true });
});

test("a device that never had a connection: request, file from a person, good until its end", async () => {
  const { server, clock, client } = await start({ device: { name: "Lab PC", appVersion: "2.1.0" } });
  hangUp(server);
  const request = await client.offlineRequest(licenseKey);
  expect(request.startsWith("LATCHKEY-REQUEST-1.")).toBe(true);
  const fields = JSON.parse(Buffer.from(request.split(".")[1] ?? "", "base64url").toString());
  expect(fields).toEqual({
    key: licenseKey,
    product: "lumen",
    fingerprint,
    name: "Lab PC",
    appVersion: "2.1.0",
  });
  const other = sealFile(server.signer, machineDocument(server.signer, { fingerprint: "another" }));
  expect(await client.importFile(licenseKey, other)).toMatchObject({ ok: false, reason: "wrong-device" });
  expect(await client.validate(licenseKey)).toMatchObject({ reason: "no-file" });
  const file = sealFile(server.signer, machineDocument(server.signer));
  expect(await client.importFile(licenseKey, file)).toMatchObject({ ok: true });
  clock.now = later(71);
  expect(await client.validate(licenseKey)).toMatchObject({ source: "file", valid: true });
  clock.now = later(1);
  expect(await client.validate(licenseKey)).toMatchObject({ valid: false, reason: "clock-rolled-back" });
  expect(await client.importFile(licenseKey, file)).toMatchObject({ ok: false, reason: "clock-rolled-back" });
  server.now = later(2);
  clock.now = later(2);
  const next = sealFile(server.signer, machineDocument(server.signer, { issued: later(2) }));
  expect(await client.importFile(licenseKey, next)).toMatchObject({ ok: true });
});

test("signed answers: believed when signed with a known key, trouble otherwise", async () => {
  const { server, client, again } = await start({ requireSignedAnswers: true });
  expect(await client.validate(licenseKey)).toMatchObject({ source: "server", valid: true });
  const other = again({ publicKeys: [createSigner().publicKey], storage: memoryStorage() });
  expect(await other.validate(licenseKey)).toMatchObject({
    source: "file",
    valid: false,
    trouble: { kind: "unsigned" },
  });
  const right = checkBody(server, {});
  server.instead = ({ body }) => ({
    headers: { "Latchkey-Signature": "" },
    body: { ...right, nonce: body.nonce },
  });
  expect(await client.validate(licenseKey)).toMatchObject({ source: "file", trouble: { kind: "unsigned" } });
});

test("a signed answer holds although a proxy on the way wrote its own date", async () => {
  const { server, client } = await start({ requireSignedAnswers: true });
  server.instead = (asked) => ({ ...usualReply(server, asked), headers: { Date: later(1).toUTCString() } });
  expect(await client.validate(licenseKey)).toMatchObject({ source: "server", valid: true });
});

test("a signed answer to one address does not hold for another, nor with another body", async () => {
  const { server, client } = await start({ requireSignedAnswers: true });
  const answers: Response[] = [];
  const heard = await start({
    requireSignedAnswers: true,
    baseUrl: server.url,
    publicKeys: [server.signer.publicKey],
    async fetch(input, init) {
      const response = await fetch(input, init);
      answers.push(response.clone());
      return response;
    },
  });
  expect(await heard.client.validate(licenseKey)).toMatchObject({ valid: true });
  const [answer] = answers;
  if (!answer) throw new Error("nothing was heard");
  const { url } = answer;
  const body = await answer.text();
  const keys = [server.signer.publicKey];
  const { crypto } = globalThis;
  const { headers } = answer;
  const isSigned = (changes: { url?: string; body?: string }) =>
    isAnswerSigned(
      { url: new URL(changes.url ?? url), method: "POST", headers, body: changes.body ?? body },
      keys,
      crypto,
    );
  expect(await isSigned({})).toBe(true);
  expect(await isSigned({ url: url.replace("validate", "activate") })).toBe(false);
  expect(await isSigned({ url: url.replace("127.0.0.1", "localhost") })).toBe(false);
  expect(await isSigned({ body: body.replace("VALID", "GRACE") })).toBe(false);
  expect(await client.validate(licenseKey)).toMatchObject({ valid: true });
});

test("a storage that fails costs the file, not the answer, and is told", async () => {
  const errors: unknown[] = [];
  const fail = () => {
    throw new Error("The disk is full.");
  };
  const { server, client } = await start({
    storage: { get: fail, set: fail, remove: fail },
    onStorageError: (error) => errors.push(error),
  });
  expect(await client.activate(licenseKey)).toMatchObject({ source: "server", valid: true });
  expect(errors.length).toBeGreaterThan(0);
  hangUp(server);
  expect(await client.validate(licenseKey)).toMatchObject({ reason: "no-file" });
});

test("a platform without Ed25519 hears the server, and says what it lacks when asked for a file", async () => {
  const { subtle } = globalThis.crypto;
  const { server, client } = await start({
    crypto: {
      getRandomValues: (bytes) => globalThis.crypto.getRandomValues(bytes),
      subtle: {
        digest: (algorithm, bytes) => subtle.digest(algorithm, bytes),
        importKey: () => Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError")),
        verify: () => Promise.resolve(true),
        decrypt: () => Promise.reject(new Error("never asked")),
      },
    },
  });
  expect(await client.activate(licenseKey)).toMatchObject({ source: "server", valid: true });
  expect(await client.validate(licenseKey)).toMatchObject({ source: "server", valid: true });
  await expect(client.refreshFile(licenseKey)).rejects.toBeInstanceOf(UnsupportedPlatformError);
  hangUp(server);
  expect(await client.validate(licenseKey)).toMatchObject({ source: "file", reason: "no-file" });
});

test("without a fingerprint of its own the client makes one and keeps it", async () => {
  const { again } = await start();
  const storage = memoryStorage();
  const first = await again({ fingerprint: undefined, storage }).fingerprint();
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  expect(await again({ fingerprint: undefined, storage }).fingerprint()).toBe(first);
  expect(await again({ fingerprint: undefined, storage: memoryStorage() }).fingerprint()).not.toBe(first);
});

test("wrong options are refused with what to give", async () => {
  const { again } = await start();
  expect(() => again({ baseUrl: "licenses.example.com" })).toThrow(/^baseUrl: .*https:/);
  expect(() => again({ baseUrl: "ftp://licenses.example.com" })).toThrow(/^baseUrl:/);
  expect(() => again({ product: "" })).toThrow(/^product: .*slug/);
  expect(() => again({ publicKeys: [] })).toThrow(/^publicKeys: .*base64/);
  expect(() => again({ fingerprint: undefined, storage: undefined })).toThrow(
    /^fingerprint: .*createNodeClient/,
  );
});

test("a server below a path is found there", async () => {
  const { server, again } = await start();
  await again({ baseUrl: `${server.url}/shop` }).validate(licenseKey);
  expect(server.asked[0]?.path).toBe("/shopvalidate");
});
