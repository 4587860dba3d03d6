/** The database cannot be used. The message is one sentence: what is wrong and what the operator can do. */
export class DatabaseStartError extends Error {
  override readonly name = "DatabaseStartError";
}

/** What the database part asks of a logger; a pino logger and `console` both fit. */
export type DatabaseLog = {
  info(message: string): void;
  warn(message: string): void;
};

/** The `code` of a system or PostgreSQL error (`EACCES`, `57P03`), or "" when there is none. */
export function errorCode(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

/** The text of whatever was thrown, on one line and without the migration engine's own trace. */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\n +0: [\s\S]*$/, "").replaceAll(/\s*\n\s*/g, ": ");
}
