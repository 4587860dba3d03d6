import type { IncomingMessage, ServerResponse } from "node:http";
import { answerApi } from "./api.ts";
import type { StandIn } from "./context.ts";
import { answerPage } from "./pages/pages.ts";

const LARGEST_BODY_BYTES = 1_048_576;

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    // A request stream without an encoding yields buffers.
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > LARGEST_BODY_BYTES) return null;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** What the HTTP server does with a request: `/v1` and `/v2` are Stripe's API, everything else is a page for people. */
export async function listen(
  standIn: StandIn,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, search } = new URL(request.url ?? "/", "http://stand-in");
  const body = await readBody(request);
  if (body === null) {
    response.writeHead(413, { "content-type": "text/plain" }).end("Request body too large");
    return;
  }
  const incoming = { method: request.method ?? "GET", path: pathname, query: search.slice(1), body };
  if (/^\/v[12]\//.test(pathname)) {
    const answer = await answerApi(standIn, { ...incoming, headers: request.headers });
    if (answer.kind === "reset") request.socket.resetAndDestroy();
    if (answer.kind === "answer") response.writeHead(answer.status, answer.headers).end(answer.body);
    // A timeout is an answer that never comes: the socket stays open until the client gives up or the server stops.
    return;
  }
  const page = await answerPage(standIn, incoming);
  response.writeHead(page.status, page.headers).end(page.body);
}
