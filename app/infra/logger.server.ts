import { pino } from "pino";
import { singleton } from "#app/infra/singleton.server.ts";

/** Fields that may carry a secret are cut out wherever they stand in a record. */
const secretFields = [
  "cookie",
  "authorization",
  "password",
  "code",
  "key",
  "token",
  "secret",
  "email",
  "payload",
];

export function logger() {
  return singleton("logger", () =>
    pino({
      level: process.env.LOG_LEVEL ?? "info",
      base: null,
      redact: {
        paths: secretFields.flatMap((field) => [
          field,
          `*.${field}`,
          `*.*.${field}`,
          `*.headers["${field}"]`,
        ]),
        censor: "[redacted]",
      },
    }),
  );
}
