import { asText, type Json, parseObject } from "./json.ts";
import { UnsupportedPlatformError } from "./platform-crypto.ts";
import type { Settings } from "./settings.ts";
import { isAnswerSigned } from "./signed-answer.ts";
import { isPassing, type Trouble, trouble } from "./trouble.ts";
import { wait } from "./wait.ts";

export type ServerCall = { ok: true; body: Json } | { ok: false; trouble: Trouble };

export type CallOptions = { signal?: AbortSignal | undefined; retries?: number | undefined };

/** A pause longer than this is not waited for: the caller has something better to do, such as to use its file. */
const longestPauseSeconds = 5;

/**
 * Sends calls to the server. Trouble that passes is tried again after a random pause that doubles; `Retry-After` is
 * honored, and for as long as the server asked to be left alone nothing is sent at all.
 */
export function createServerCalls(settings: Settings) {
  // Counted from the start of the program, which no change of the clock moves.
  let quietUntil = 0;

  async function attempt(path: string, body: Json, signal: AbortSignal | undefined): Promise<ServerCall> {
    const quietSeconds = (quietUntil - performance.now()) / 1000;
    if (quietSeconds > 0)
      return { ok: false, trouble: trouble("rate-limited", { retryAfterSeconds: Math.ceil(quietSeconds) }) };
    const result = await send(settings, path, body, signal);
    const pause = result.ok ? null : result.trouble.retryAfterSeconds;
    if (pause !== null) quietUntil = performance.now() + pause * 1000;
    return result;
  }

  /** @throws the signal's reason when `signal` is aborted; everything else is an answer. */
  return async function call(path: string, body: Json, options: CallOptions = {}): Promise<ServerCall> {
    const { signal, retries = settings.retries } = options;
    for (let attempts = 1; ; attempts++) {
      const result = await attempt(path, body, signal);
      if (result.ok || attempts > retries || !isPassing(result.trouble)) return result;
      const asked = result.trouble.retryAfterSeconds;
      if (asked !== null && asked > longestPauseSeconds) return result;
      // The random part spreads apps that all lost the server at the same moment.
      const backOffSeconds = 0.3 * 2 ** attempts * (0.5 + Math.random() / 2);
      await wait(Math.max(backOffSeconds, asked ?? 0), signal);
    }
  };
}

async function send(
  settings: Settings,
  path: string,
  body: Json,
  signal: AbortSignal | undefined,
): Promise<ServerCall> {
  signal?.throwIfAborted();
  const url = new URL(`api/v1/licenses/${path}`, settings.baseUrl);
  const stop = new AbortController();
  const abort = () => stop.abort();
  signal?.addEventListener("abort", abort);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    abort();
  }, settings.timeoutSeconds * 1000);
  try {
    const response = await settings.fetch(url.href, {
      method: "POST",
      headers: {
        Accept: "application/json, application/problem+json",
        "Content-Type": "application/json",
        ...(settings.requireSignedAnswers && { "Accept-Signature": "ed25519" }),
      },
      body: JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      // A redirect would take the license key to an address nobody chose.
      redirect: "error",
      signal: stop.signal,
    });
    return await read(settings, url, response);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof UnsupportedPlatformError) throw error;
    return { ok: false, trouble: trouble(isLate ? "timed-out" : "unreachable", causeOf(error)) };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** What the platform says, for whoever looks for the cause; it names no key. */
function causeOf(error: unknown): Partial<Trouble> {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error && "code" in cause ? { code: asText(cause.code) } : {};
}

async function read(settings: Settings, url: URL, response: Response): Promise<ServerCall> {
  const { status, headers } = response;
  const text = await response.text();
  const body = parseObject(text);
  const code = asText(body?.code);
  const retryAfterSeconds = readRetryAfter(headers.get("retry-after"), settings.now());
  const facts = { status, code, retryAfterSeconds };
  if (status === 429) return { ok: false, trouble: trouble("rate-limited", facts) };
  if (status >= 500) return { ok: false, trouble: trouble("server-error", facts) };
  if (!body || !/^application\/(problem\+)?json\b/.test(headers.get("content-type") ?? ""))
    return { ok: false, trouble: trouble("not-an-answer", facts) };
  const isSigned =
    !settings.requireSignedAnswers ||
    (await isAnswerSigned(
      { url, method: "POST", headers, body: text },
      settings.publicKeys,
      settings.crypto,
    ));
  if (!isSigned) return { ok: false, trouble: trouble("unsigned", facts) };
  if (status === 200) return { ok: true, body };
  const detail = asText(body.detail);
  if (code === null) return { ok: false, trouble: trouble("not-an-answer", facts) };
  return { ok: false, trouble: trouble("refused-call", { ...facts, ...(detail && { message: detail }) }) };
}

/** Seconds, or a date, as RFC 9110 allows both; null for anything else. */
export function readRetryAfter(header: string | null, now: Date): number | null {
  if (header === null) return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - now.getTime()) / 1000));
}
