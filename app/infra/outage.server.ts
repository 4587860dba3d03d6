/** Of PostgreSQL (class 08, 57P, 53300), of sockets, of the pool and of Prisma. */
const outageCode =
  /^(08...|57P0\d|53300|ECONN\w+|EPIPE|ETIMEDOUT|ENOENT|EHOSTUNREACH|P1001|P1002|P1008|P1017|P2024|P2028|P2037)$/;
const outageWords =
  /timeout exceeded when trying to connect|Connection terminated|not currently accepting connections|the database system is|Can't reach database|pool after calling end/i;

/** Whether an error means that the database is away, rather than that something is wrong with what it was asked. */
export function isDatabaseOutage(error: unknown): boolean {
  for (
    let cause: unknown = error, depth = 0;
    cause instanceof Error && depth < 5;
    cause = cause.cause, depth++
  ) {
    if ("code" in cause && typeof cause.code === "string" && outageCode.test(cause.code)) return true;
    if (outageWords.test(cause.message)) return true;
  }
  return false;
}
