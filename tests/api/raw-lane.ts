import { connect, type Socket } from "node:net";
import type { Wire } from "#tests/api/fuzz-mutations.ts";

export type RawAnswer = { status: number; headers: Map<string, string>; body: Buffer; ms: number };

/** A request as bytes, framed by its length. Header values may hold any byte of Latin-1. */
export function bytesOf({ method, target, headers, body }: Wire): Buffer {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...(headers.some(([name]) => name.toLowerCase() === "host") ? [] : ["Host: 127.0.0.1"]),
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body.length > 0 || method === "POST" ? [`Content-Length: ${body.length}`] : []),
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body]);
}

/**
 * One connection after the other to a server, each used until the server closes it. It sends any bytes at all, which is
 * what an HTTP library refuses to do.
 */
export function createLane(port: number) {
  let socket: Socket | null = null;

  function open(): Socket {
    if (socket && !socket.destroyed && socket.writable) return socket;
    const fresh = connect(port, "127.0.0.1").setNoDelay(true);
    fresh.on("error", () => undefined);
    socket = fresh;
    return fresh;
  }

  return {
    /** Sends one whole request and reads its answer; null when the server hung up without one. Asks once more over a
     * new connection when the kept one was closed in the same moment. @throws Error after `limitMs`. */
    async ask(wire: Wire, limitMs: number): Promise<RawAnswer | null> {
      const used = socket !== null;
      const answer = await exchange(open(), bytesOf(wire), wire.method === "HEAD", limitMs);
      return answer ?? (used ? exchange(open(), bytesOf(wire), wire.method === "HEAD", limitMs) : null);
    },
    close: () => socket?.destroy(),
  };
}

function exchange(
  socket: Socket,
  bytes: Buffer,
  isHead: boolean,
  limitMs: number,
): Promise<RawAnswer | null> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      socket.off("data", onData).off("close", onClose);
      act();
    };
    const timer = setTimeout(() => {
      socket.destroy();
      settle(() => reject(new Error(`no whole answer within ${limitMs} ms`)));
    }, limitMs);
    const onData = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const answer = readAnswer(received, isHead, false);
      if (!answer) return;
      if (answer.headers.get("connection") === "close") socket.destroy();
      settle(() => resolve({ ...answer, ms: performance.now() - startedAt }));
    };
    const onClose = () => {
      const answer = readAnswer(received, isHead, true);
      settle(() => resolve(answer && { ...answer, ms: performance.now() - startedAt }));
    };
    socket.on("data", onData).on("close", onClose);
    socket.write(bytes);
  });
}

/** The final answer in these bytes, once it is all there. */
export function readAnswer(bytes: Buffer, isHead: boolean, isEnd: boolean): Omit<RawAnswer, "ms"> | null {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const [first = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1]);
  if (status >= 100 && status < 200) return readAnswer(bytes.subarray(end + 4), isHead, isEnd);
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const rest = bytes.subarray(end + 4);
  if (isHead || status === 204 || status === 304) return { status, headers, body: Buffer.alloc(0) };
  const length = headers.get("content-length");
  if (length !== undefined)
    return rest.length >= Number(length) ? { status, headers, body: rest.subarray(0, Number(length)) } : null;
  const isChunked = headers.get("transfer-encoding") === "chunked";
  const isWhole = isChunked ? rest.toString("latin1").endsWith("0\r\n\r\n") : isEnd;
  return isWhole ? { status, headers, body: rest } : null;
}

/**
 * Sends bytes over a connection of their own, in pieces, and listens until the server closes it or has been silent for
 * `silentMs`; then hangs up. @returns the status of each answer that came.
 */
export function sendBytes(port: number, pieces: readonly Buffer[], silentMs: number): Promise<number[]> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1").setNoDelay(true);
    let received = "";
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve([...received.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map(([, status]) => Number(status)));
    };
    let timer = setTimeout(end, silentMs);
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
      clearTimeout(timer);
      timer = setTimeout(end, silentMs);
    });
    socket.on("error", () => undefined).on("close", end);
    for (const piece of pieces) socket.write(piece);
  });
}
