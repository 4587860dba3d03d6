import { z } from "zod";
import { dropSingleton, singleton } from "#app/infra/singleton.server.ts";

const optionalText = z
  .string()
  .trim()
  .optional()
  .transform((value) => (value === "" ? undefined : value));

const urlWithScheme = (schemes: string[]) =>
  optionalText.refine((value) => {
    if (value === undefined) return true;
    try {
      return schemes.includes(new URL(value).protocol);
    } catch {
      return false;
    }
  });

const secretsIn = (value: string) =>
  value
    .split(",")
    .map((secret) => secret.trim())
    .filter(Boolean);

const EnvSchema = z.object({
  NODE_ENV: z.string().optional(),
  PORT: z.coerce.number("a port number, for example 3000").int().min(0).max(65535).default(3000),
  HOST: optionalText,
  APP_URL: urlWithScheme(["http:", "https:"]).refine(
    (value) =>
      value === undefined || !URL.canParse(value) || new URL(value).href === `${new URL(value).origin}/`,
    "the public base address without a path, for example https://licenses.example.com",
  ),
  DATABASE_URL: urlWithScheme(["postgres:", "postgresql:"]),
  DATA_DIR: z.string().trim().min(1).default("./data"),
  STRIPE_SECRET_KEY: optionalText.refine(
    (value) => value === undefined || /^(sk|rk)_(test|live)_\w+$/.test(value),
    "a secret key of your Stripe account: sk_test_…, sk_live_… or a restricted rk_… key",
  ),
  STRIPE_WEBHOOK_SECRET: optionalText.refine(
    (value) => value === undefined || secretsIn(value).every((secret) => /^whsec_\S+$/.test(secret)),
    "the signing secret of your webhook endpoint, whsec_…; several with commas between them while one is rolled",
  ),
  STRIPE_API_BASE: urlWithScheme(["http:", "https:"]),
  CLOCK_FILE: optionalText,
  SMTP_URL: urlWithScheme(["smtp:", "smtps:"]),
  MAIL_FROM: optionalText,
  MASTER_KEY: optionalText.refine(
    // Buffer.from reads past what is not base64, so a key with a slip in it would be another key.
    (value) => value === undefined || /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(value),
    "32 bytes in base64; `openssl rand -base64 32` makes one",
  ),
  TRUST_PROXY: optionalText,
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  WORKER: z.enum(["inline", "off"]).default("inline"),
});

/** What to put there, for the variables whose check has no words of its own. */
const remedies: Record<string, string> = {
  PORT: "a port number from 0 to 65535, for example 3000",
  APP_URL: "the public base address, for example https://licenses.example.com",
  DATABASE_URL: "a PostgreSQL address, for example postgresql://user:password@host:5432/latchkey",
  DATA_DIR: "a folder Latchkey may write to, for example ./data",
  STRIPE_API_BASE: "leave it out, or the address of a Stripe stand-in, for example http://127.0.0.1:12111",
  SMTP_URL: "smtp://user:password@host:587 or smtps://…; leave it out to keep mails in the outbox",
  LOG_LEVEL: "one of fatal, error, warn, info, debug, trace, silent",
  WORKER: "inline (the default) or off",
};

export type Env = {
  production: boolean;
  port: number;
  host: string;
  /** Public base address without a trailing slash. */
  appUrl: string;
  databaseUrl: string | undefined;
  dataDir: string;
  stripeSecretKey: string | undefined;
  stripeWebhookSecrets: string[];
  stripeApiBase: string | undefined;
  /** Only beside a stand-in: how far business time is ahead of the machine's, as the stand-in writes it. */
  clockFile?: string | undefined;
  smtpUrl: string | undefined;
  mailFrom: string;
  /** 32 bytes; undefined until the start has read or made the one in DATA_DIR. */
  masterKey: Buffer | undefined;
  trustProxy: string | undefined;
  logLevel: "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";
  worker: "inline" | "off";
};

/** The environment after the start has found a database and a master key. */
export type RuntimeEnv = Env & { databaseUrl: string; masterKey: Buffer };

export class EnvError extends Error {
  override name = "EnvError";
}

/**
 * Reads the variables of `docs/operations.md`.
 * @throws EnvError with one list that names each wrong or missing variable and what to put there.
 */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value?.trim()));
  const parsed = EnvSchema.safeParse(given);
  const problems = parsed.success ? [] : parsed.error.issues.map(problemOf);
  problems.push(...contradictionsIn(given));
  if (!parsed.success || problems.length > 0) throw new EnvError(listOf(problems));
  const e = parsed.data;
  const production = e.NODE_ENV === "production";
  return {
    production,
    port: e.PORT,
    host: e.HOST ?? (production ? "0.0.0.0" : "127.0.0.1"),
    appUrl: (e.APP_URL ?? `http://localhost:${e.PORT}`).replace(/\/+$/, ""),
    databaseUrl: e.DATABASE_URL,
    dataDir: e.DATA_DIR,
    stripeSecretKey: e.STRIPE_SECRET_KEY,
    stripeWebhookSecrets: secretsIn(e.STRIPE_WEBHOOK_SECRET ?? ""),
    stripeApiBase: e.STRIPE_API_BASE?.replace(/\/+$/, ""),
    clockFile: e.CLOCK_FILE,
    smtpUrl: e.SMTP_URL,
    mailFrom: e.MAIL_FROM ?? `Latchkey <no-reply@${new URL(e.APP_URL ?? "http://localhost").hostname}>`,
    masterKey: e.MASTER_KEY ? Buffer.from(e.MASTER_KEY, "base64") : undefined,
    trustProxy: e.TRUST_PROXY,
    logLevel: e.LOG_LEVEL,
    worker: e.WORKER,
  };
}

function problemOf(issue: z.core.$ZodIssue): string {
  const name = String(issue.path[0] ?? "");
  const words = issue.code === "custom" && issue.message !== "Invalid input" ? issue.message : remedies[name];
  return `${name}: ${words ?? issue.message}`;
}

/** What is wrong although each variable by itself may be right; told together with what is wrong by itself. */
function contradictionsIn(given: Record<string, string | undefined>): string[] {
  const problems: string[] = [];
  if (given.DATABASE_URL && !given.MASTER_KEY)
    problems.push(
      "MASTER_KEY: required with DATABASE_URL. 32 bytes in base64; `openssl rand -base64 32` makes one. Keep a copy: without it stored keys cannot be read.",
    );
  if (given.STRIPE_API_BASE && /_live_/.test(given.STRIPE_SECRET_KEY ?? ""))
    problems.push("STRIPE_API_BASE: must not be set together with a live key. Leave it out.");
  if (given.CLOCK_FILE && !given.STRIPE_API_BASE)
    problems.push(
      "CLOCK_FILE: moves the time of licenses beside a Stripe stand-in, never of a shop that sells. Leave it out.",
    );
  return problems;
}

function listOf(problems: string[]): string {
  return ["Latchkey cannot start. Please set:", ...problems.map((problem) => `  - ${problem}`)].join("\n");
}

/** Makes this the environment of the process; the start calls it once, before anything asks. */
export function setRuntimeEnv(env: RuntimeEnv): void {
  dropSingleton("env");
  singleton("env", () => env);
}

/** @throws Error when the start has not set the environment yet. */
export function getEnv(): RuntimeEnv {
  return singleton<RuntimeEnv>("env", () => {
    throw new Error("The environment was read before the start had set it.");
  });
}
