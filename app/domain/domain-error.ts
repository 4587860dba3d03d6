/** Why a request could not be carried out. The edge turns a code into a status in one place. */
export type DomainErrorCode =
  | "NOT_FOUND"
  | "FORBIDDEN"
  | "INVALID"
  | "CONFLICT"
  | "RATE_LIMITED"
  | "UNAVAILABLE";

/** A precondition that was not met. `publicMessage` names the problem and the remedy and may be shown. */
export class DomainError extends Error {
  override name = "DomainError";
  readonly code: DomainErrorCode;
  readonly publicMessage: string;
  /** The form field the problem belongs to, when there is one. */
  readonly field: string | undefined;
  readonly context: Record<string, unknown>;

  constructor(
    code: DomainErrorCode,
    publicMessage: string,
    options: { field?: string; cause?: unknown; context?: Record<string, unknown> } = {},
  ) {
    super(publicMessage, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.publicMessage = publicMessage;
    this.field = options.field;
    this.context = options.context ?? {};
  }
}
