import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { Problem } from "#app/api/problem.ts";

export const maxBodyBytes = 1_048_576;
const maxDepth = 32;
const maxValues = 20_000;

/** @throws Problem for another encoding, too many bytes or bytes that are no UTF-8. */
export function readBody(request: IncomingMessage): Promise<string> {
  const encoding = request.headers["content-encoding"];
  if (encoding && encoding !== "identity")
    return refuse(
      request,
      new Problem("unsupported_media_type", "Send the body without a content encoding."),
    );
  const tooLarge = () => new Problem("payload_too_large", "The body is larger than 1 MiB.");
  if (Number(request.headers["content-length"] ?? 0) > maxBodyBytes) return refuse(request, tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBodyBytes) chunks.push(chunk);
      else {
        chunks.length = 0;
        reject(tooLarge());
      }
    });
    request.on("error", () => reject(new Problem("malformed_request", "The request ended before its body.")));
    request.on("aborted", () =>
      reject(new Problem("malformed_request", "The request ended before its body.")),
    );
    request.on("end", () => {
      const bytes = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
      if (isUtf8(bytes)) resolve(bytes.toString("utf8"));
      else reject(new Problem("malformed_request", "The body is not UTF-8 text."));
    });
  });
}

function refuse(request: IncomingMessage, problem: Problem): Promise<never> {
  request.resume();
  return Promise.reject(problem);
}

/** @throws Problem with what is wrong with the text. */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Problem("malformed_request", "The body is not JSON. Send one JSON object.");
  }
  refuseUnstorable(value);
  return value;
}

/** The fields of a form; a field that comes twice is refused, because nobody can know which one is meant. */
export function parseForm(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    if (Object.hasOwn(fields, name))
      throw new Problem("malformed_request", `The field ${name.slice(0, 40)} is there twice. Send it once.`);
    Object.defineProperty(fields, name, { value, enumerable: true });
  }
  refuseUnstorable(fields);
  return fields;
}

/**
 * Refuses what no text column and no JSON column can hold (NUL, half a surrogate pair, a number beyond all bounds), and
 * what is nested or numerous beyond any use. Walks with a list of its own, so depth costs no stack.
 * @throws Problem
 */
export function refuseUnstorable(value: unknown): void {
  const waiting: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  let seen = 0;
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (++seen > maxValues) throw new Problem("malformed_request", "The body holds too many values.");
    if (typeof next.value === "string") refuseText(next.value);
    if (typeof next.value === "number" && !Number.isFinite(next.value))
      throw new Problem("malformed_request", "A number in the body is too large.");
    if (next.value === null || typeof next.value !== "object") continue;
    const depth = next.depth + 1;
    if (depth > maxDepth)
      throw new Problem("malformed_request", `The body is nested more than ${maxDepth} levels deep.`);
    for (const [name, member] of Object.entries(next.value)) {
      refuseText(name);
      waiting.push({ value: member, depth });
    }
  }
}

function refuseText(text: string): void {
  if (text.includes("\0") || /\p{Surrogate}/u.test(text))
    throw new Problem("malformed_request", "A text holds a NUL character or half a surrogate pair.");
}
