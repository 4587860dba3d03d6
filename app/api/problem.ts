/** Why a call was refused. Each dialect says it in its own shape; our own API as RFC 9457 problem details. */
export const problemStatuses = {
  /** The bytes are no request of this kind: broken JSON, no UTF-8, nested too deeply. */
  malformed_request: 400,
  /** No API key, or one that is unknown, expired or revoked. */
  unauthorized: 401,
  /** The API key has not the scope. */
  forbidden: 403,
  not_found: 404,
  /** The key is unknown, mistyped or belongs to another product; the three look the same. */
  license_not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  /** The Idempotency-Key came with another request. */
  idempotency_conflict: 409,
  /** The first request with this Idempotency-Key has not ended. */
  idempotency_in_progress: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  /** Well-formed, but a field is missing or wrong, or the thing cannot be done; `errors` names the fields. */
  invalid_request: 422,
  rate_limited: 429,
  internal_error: 500,
  /** The database does not answer. Says nothing about any license. */
  unavailable: 503,
} as const satisfies Record<string, number>;

export type ProblemCode = keyof typeof problemStatuses;
export const problemCodes = Object.keys(problemStatuses) as ProblemCode[]; // the keys above and no others

export type FieldProblem = { field: string; message: string };

/** A refusal on its way out. `detail` names the problem and the remedy, and may be shown. */
export class Problem extends Error {
  override name = "Problem";
  readonly code: ProblemCode;
  readonly status: number;
  readonly detail: string;
  readonly errors: readonly FieldProblem[];
  readonly retryAfterSeconds: number | undefined;
  readonly headers: Record<string, string>;

  constructor(
    code: ProblemCode,
    detail: string,
    options: {
      errors?: readonly FieldProblem[];
      retryAfterSeconds?: number | undefined;
      headers?: Record<string, string>;
    } = {},
  ) {
    super(detail);
    this.code = code;
    this.status = problemStatuses[code];
    this.detail = detail;
    this.errors = options.errors ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.headers = options.headers ?? {};
  }
}

/** What goes into the headers of the answer, whatever shape its body has. */
export function problemHeaders({ headers, retryAfterSeconds }: Problem): Record<string, string> {
  if (retryAfterSeconds === undefined) return headers;
  return { ...headers, "Retry-After": String(Math.max(1, Math.ceil(retryAfterSeconds))) };
}
