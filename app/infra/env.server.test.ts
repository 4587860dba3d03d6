import { expect, test } from "vitest";
import { EnvError, parseEnv } from "#app/infra/env.server.ts";

const masterKey = Buffer.alloc(32, 7).toString("base64");

/** The lines of the list, without its heading. */
function problemsOf(source: Record<string, string>): string[] {
  try {
    parseEnv(source);
  } catch (error) {
    if (!(error instanceof EnvError)) throw error;
    const [heading, ...lines] = error.message.split("\n");
    expect(heading).toBe("Latchkey cannot start. Please set:");
    return lines.map((line) => line.replace(/^ {2}- /, ""));
  }
  return [];
}

test("nothing set is a complete environment for trying Latchkey out", () => {
  expect(parseEnv({})).toMatchObject({
    production: false,
    port: 3000,
    host: "127.0.0.1",
    appUrl: "http://localhost:3000",
    databaseUrl: undefined,
    dataDir: "./data",
    stripeSecretKey: undefined,
    stripeWebhookSecrets: [],
    masterKey: undefined,
    mailFrom: "Latchkey <no-reply@localhost>",
    worker: "inline",
  });
});

test("what is set to nothing is not set", () => {
  const empty = Object.fromEntries(
    ["PORT", "HOST", "APP_URL", "DATABASE_URL", "DATA_DIR", "MASTER_KEY", "LOG_LEVEL", "WORKER"].map(
      (name) => [name, name === "PORT" ? "" : "  "],
    ),
  );
  expect(parseEnv(empty)).toEqual(parseEnv({}));
});

test("production listens on all addresses", () => {
  expect(parseEnv({ NODE_ENV: "production" })).toMatchObject({ production: true, host: "0.0.0.0" });
});

const wrong: [name: string, value: string, remedy: RegExp][] = [
  ["PORT", "abc", /a port number from 0 to 65535/],
  ["PORT", "70000", /a port number/],
  ["PORT", "80.5", /a port number/],
  ["APP_URL", "my-shop", /for example https:\/\/licenses\.example\.com/],
  ["APP_URL", "ftp://licenses.example.com", /the public base address/],
  ["APP_URL", "https://example.com/licenses", /without a path/],
  ["APP_URL", "https://example.com/?shop=1", /without a path/],
  ["APP_URL", "https://user:secret@example.com", /without a path/],
  ["DATABASE_URL", "mysql://host/db", /a PostgreSQL address/],
  ["STRIPE_SECRET_KEY", "pk_test_123", /a secret key of your Stripe account/],
  ["STRIPE_SECRET_KEY", "sk_prod_123", /a secret key/],
  ["STRIPE_WEBHOOK_SECRET", "sk_test_123", /whsec_…/],
  ["STRIPE_WEBHOOK_SECRET", "whsec_new,old", /with commas between/],
  ["STRIPE_API_BASE", "stripe", /leave it out/],
  ["SMTP_URL", "http://mail.example.com", /smtp:\/\/user:password@host:587/],
  ["MASTER_KEY", "secret", /openssl rand -base64 32/],
  ["MASTER_KEY", `!${masterKey.slice(1)}`, /32 bytes in base64/],
  ["MASTER_KEY", Buffer.alloc(31).toString("base64"), /32 bytes/],
  ["MASTER_KEY", Buffer.alloc(33).toString("base64"), /32 bytes/],
  ["LOG_LEVEL", "loud", /one of fatal, error, warn/],
  ["WORKER", "yes", /inline \(the default\) or off/],
];

test("each wrong value is named with its remedy, and never repeated", () => {
  for (const [name, value, remedy] of wrong) {
    const problems = problemsOf({ MASTER_KEY: masterKey, [name]: value });
    expect(problems, `${name}=${value}`).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name}: `));
    expect(problems[0]).toMatch(remedy);
    expect(problems[0]).not.toContain(value);
  }
});

test("all problems are told at once", () => {
  const problems = problemsOf({
    PORT: "x",
    APP_URL: "nowhere",
    DATABASE_URL: "postgresql://host/db",
    STRIPE_SECRET_KEY: "sk_live_123",
    STRIPE_API_BASE: "http://127.0.0.1:12111",
    WORKER: "maybe",
  });
  expect(problems.map((problem) => problem.split(":")[0])).toEqual([
    "PORT",
    "APP_URL",
    "WORKER",
    "MASTER_KEY",
    "STRIPE_API_BASE",
  ]);
});

test("a live key never goes to another Stripe", () => {
  for (const key of ["sk_live_123", "rk_live_123"])
    expect(problemsOf({ STRIPE_SECRET_KEY: key, STRIPE_API_BASE: "http://127.0.0.1:1" })).toEqual([
      "STRIPE_API_BASE: must not be set together with a live key. Leave it out.",
    ]);
  expect(problemsOf({ STRIPE_SECRET_KEY: "sk_test_1", STRIPE_API_BASE: "http://127.0.0.1:1" })).toEqual([]);
});

test("a database of one's own needs a master key of one's own", () => {
  expect(problemsOf({ DATABASE_URL: "postgresql://host/db" })[0]).toMatch(/^MASTER_KEY: required/);
  const env = parseEnv({ DATABASE_URL: "postgresql://host/db", MASTER_KEY: masterKey });
  expect(env.masterKey).toEqual(Buffer.alloc(32, 7));
});

test("values are tidied: spaces, slashes at the end, several secrets", () => {
  const env = parseEnv({
    APP_URL: " https://licenses.example.com/ ",
    STRIPE_API_BASE: "http://127.0.0.1:12111/",
    STRIPE_WEBHOOK_SECRET: "whsec_new, whsec_old,",
  });
  expect(env).toMatchObject({
    appUrl: "https://licenses.example.com",
    stripeApiBase: "http://127.0.0.1:12111",
    stripeWebhookSecrets: ["whsec_new", "whsec_old"],
    mailFrom: "Latchkey <no-reply@licenses.example.com>",
  });
});
