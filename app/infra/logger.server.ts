import { type DestinationStream, pino } from "pino";
import { singleton } from "#app/infra/singleton.server.ts";

/** Fields that may carry a secret are cut out wherever they stand in a record. */
const secretFields = [
  "cookie",
  "authorization",
  "x-api-key",
  "password",
  "code",
  "key",
  "license_key",
  "licenseKey",
  "fingerprint",
  "hwid",
  "token",
  "sessionToken",
  "secret",
  "email",
  "payload",
];

export function logger() {
  return singleton("logger", () => createLogger());
}

/** A logger as every process has one; only tests name another place than the standard output. */
export function createLogger(destination?: DestinationStream) {
  const options = {
    level: process.env.LOG_LEVEL ?? "info",
    base: null,
    redact: {
      paths: secretFields.flatMap((field) => {
        const name = `["${field}"]`;
        return [name, `*${name}`, `*.*${name}`, `*.headers${name}`];
      }),
      censor: "[redacted]",
    },
  };
  return destination ? pino(options, destination) : pino(options);
}
