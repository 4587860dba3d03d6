import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer, Call, Dialect } from "#app/api/endpoint.server.ts";
import { signAnswer } from "#app/domain/signing-key/sign-answer.server.ts";
import { rateLimitHeaders } from "#app/http/call-limits.server.ts";

const exposed =
  "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-Id, Idempotency-Replayed, Date, Digest, Latchkey-Signature, Keygen-Signature";

/** Writes an answer with the headers that all have: limits, request id, no caching, any origin, and its signature. */
export async function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  call: Call,
  answer: Answer,
  dialect: Dialect,
): Promise<void> {
  const text = textOf(answer);
  const headers: Record<string, string | number> = {
    "Content-Type": dialect.mediaType,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Request-Id": call.requestId,
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": exposed,
    ...rateLimitHeaders(call.counted),
    ...answer.headers,
  };
  if (text === "") delete headers["Content-Type"];
  if (answer.status !== 204) headers["Content-Length"] = Buffer.byteLength(text);
  if (isSigned(call, dialect)) Object.assign(headers, await signatureOf(request, call, text, dialect));
  // A body that was not read to its end must not be taken for the next request.
  if (!request.complete) headers.Connection = "close";
  response.writeHead(answer.status, headers);
  response.end(call.method === "HEAD" || text === "" ? undefined : text);
}

/** 204 never has a body, though a kept answer of one comes back as null. */
function textOf({ status, text, body }: Answer): string {
  if (status === 204) return "";
  return text ?? (body === undefined ? "" : JSON.stringify(body));
}

function isSigned({ headers }: Call, { signs }: Dialect): boolean {
  return signs === "always" || (signs === "when-asked" && headers["accept-signature"] !== undefined);
}

async function signatureOf(request: IncomingMessage, call: Call, body: string, dialect: Dialect) {
  const signed = await signAnswer({
    method: call.method,
    path: request.url ?? call.path,
    host: call.headers.host ?? "",
    date: call.now,
    body,
  });
  const { signature, ...rest } = signed;
  return { ...rest, [dialect.signatureHeader ?? "Latchkey-Signature"]: signature };
}
