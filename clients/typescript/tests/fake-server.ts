// A server that speaks the shapes of /api/v1/licenses and nothing else; a test says what it answers.
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import {
  createSigner,
  type FileFacts,
  licenseFields,
  machineDocument,
  type Signer,
  sealFile,
  signText,
} from "#tests/sealed-files.ts";

export type Asked = { path: string; body: Record<string, unknown> };
export type Reply = { status?: number; headers?: Record<string, string>; body?: unknown; text?: string };
/** What to answer; null hangs up without a word. */
export type Behavior = (asked: Asked) => Reply | null | Promise<Reply | null>;

export type FakeServer = {
  url: string;
  signer: Signer;
  asked: Asked[];
  /** The time it believes it is. */
  now: Date;
  facts: Partial<FileFacts>;
  code: string;
  released: boolean;
  leaseSeconds: number | null;
  /** Answers before the usual ones do; undefined leaves it to them. */
  instead: ((asked: Asked) => Reply | null | undefined | Promise<Reply | null | undefined>) | null;
};

/** Ends with the test. */
export async function startFakeServer(now: Date): Promise<FakeServer> {
  const fake: FakeServer = {
    url: "",
    signer: createSigner(),
    asked: [],
    now,
    facts: {},
    code: "VALID",
    released: true,
    leaseSeconds: null,
    instead: null,
  };
  const server = createServer((request, response) => void answer(fake, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  fake.url = `http://127.0.0.1:${address.port}`;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return fake;
}

async function answer(fake: FakeServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const cors = { "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "Content-Type" };
  if (request.method === "OPTIONS") {
    response.writeHead(204, cors).end();
    return;
  }
  let text = "";
  for await (const chunk of request) text += chunk;
  const asked: Asked = { path: (request.url ?? "").replace("/api/v1/licenses/", ""), body: JSON.parse(text) };
  fake.asked.push(asked);
  const instead = await fake.instead?.(asked);
  const reply = instead === undefined ? usualReply(fake, asked) : instead;
  if (!reply) {
    request.socket.destroy();
    return;
  }
  const { status = 200, headers = {}, body } = reply;
  const sent = reply.text ?? JSON.stringify(body);
  const type = status >= 400 ? "application/problem+json" : "application/json";
  const signature = request.headers["accept-signature"] && signatureOf(fake, request, sent);
  response.writeHead(status, { "Content-Type": type, ...cors, ...signature, ...headers }).end(sent);
}

function signatureOf(
  { signer, now }: FakeServer,
  { method = "", url, headers }: IncomingMessage,
  body: string,
) {
  const date = now.toUTCString();
  const digest = `sha-256=${createHash("sha256").update(body).digest("base64")}`;
  const lines = [
    `(request-target): ${method.toLowerCase()} ${url}`,
    `host: ${headers.host}`,
    `date: ${date}`,
    `digest: ${digest}`,
  ];
  const signature = signText(signer, lines.join("\n"));
  return {
    Date: date,
    Digest: digest,
    "Latchkey-Signature": `keyid="${signer.keyId}", algorithm="ed25519", signature="${signature}", headers="(request-target) host date digest"`,
  };
}

export function usualReply(fake: FakeServer, { path, body }: Asked): Reply {
  if (path === "check-out") return { body: { ...checkBody(fake, body), ...checkOut(fake, body) } };
  if (path === "deactivate") return { body: { released: fake.released, ...checkBody(fake, body) } };
  return { body: checkBody(fake, body) };
}

function checkOut({ signer, now, facts, code }: FakeServer, body: Record<string, unknown>) {
  if (code !== "VALID" && code !== "GRACE")
    return { certificate: null, token: null, issued: null, expiry: null };
  const expiry = new Date(now.getTime() + 72 * 3_600_000);
  const document = machineDocument(signer, {
    issued: now,
    expiry,
    fingerprint: String(body.fingerprint),
    ...facts,
  });
  const secret = body.encrypted === true ? `${body.key}${body.fingerprint}` : null;
  return { certificate: sealFile(signer, document, { secret }), token: "", issued: now, expiry };
}

export function checkBody(fake: FakeServer, { nonce }: Record<string, unknown>) {
  const { now, code, leaseSeconds } = fake;
  return {
    valid: code === "VALID" || code === "GRACE",
    code,
    message: `The answer is ${code}.`,
    retryable: code === "EXPIRED",
    license: {
      id: "lic_1",
      ...licenseFields(fake.facts),
      activeDevices: 1,
      floating: leaseSeconds !== null,
      leaseSeconds,
    },
    device:
      code === "DEVICE_NOT_ACTIVE" || code === "DEVICE_LIMIT_REACHED"
        ? null
        : {
            id: "dev_1",
            name: "Studio Mac",
            platform: "darwin",
            hostname: null,
            appVersion: "2.1.0",
            active: true,
            firstSeenAt: "2026-01-05T09:00:00.000Z",
            lastSeenAt: now.toISOString(),
            leaseUntil: leaseSeconds === null ? null : new Date(now.getTime() + leaseSeconds * 1000),
          },
    serverTime: now.toISOString(),
    nonce: nonce ?? null,
  };
}

export function problem(status: number, code: string, headers: Record<string, string> = {}): Reply {
  const body = { type: `/docs/api#${code}`, title: "A problem", status, detail: `Because of ${code}.`, code };
  return { status, headers, body };
}
