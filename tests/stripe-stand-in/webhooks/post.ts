import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

const KEPT_ANSWER_LENGTH = 2_000;

export type PostResult = { status: number | null; body: string; error: string | null };

/**
 * One delivery attempt. Never throws: a refused connection or no answer in time is a result like any other.
 * Every attempt has a connection of its own, so a restarted receiver never meets a stale one.
 */
export function post(
  url: string,
  body: string,
  headers: Record<string, string>,
  timeoutMs: number,
  stopping: AbortSignal,
): Promise<PostResult> {
  return new Promise((resolve) => {
    const send = url.startsWith("https:") ? httpsRequest : httpRequest;
    const options = {
      method: "POST",
      headers,
      agent: false,
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), stopping]),
    } as const;
    const fail = (error: Error) => {
      const reason =
        error.name === "AbortError" || error.name === "TimeoutError" ? "No answer in time" : error.message;
      resolve({ status: null, body: "", error: reason });
    };
    const outgoing = send(url, options, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", fail);
      incoming.on("end", () => {
        const answer = Buffer.concat(chunks).toString("utf8").slice(0, KEPT_ANSWER_LENGTH);
        resolve({ status: incoming.statusCode ?? null, body: answer, error: null });
      });
    });
    outgoing.on("error", fail);
    outgoing.end(body);
  });
}

export function isAccepted(result: PostResult): boolean {
  return result.status !== null && result.status >= 200 && result.status < 300;
}
