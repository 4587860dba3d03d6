import { z } from "zod";
import { startStripeStandIn } from "./server.ts";

const environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(12_111),
  HOST: z.string().default("127.0.0.1"),
  PUBLIC_BASE: z.url().optional(),
  STRIPE_SECRET_KEY: z.string().startsWith("sk_test_").default("sk_test_latchkey"),
  STRIPE_WEBHOOK_URL: z.url().default("http://127.0.0.1:3000/webhooks/stripe"),
  /** Comma-separated while a secret is being rolled. */
  STRIPE_WEBHOOK_SECRET: z.string().default("whsec_latchkey_demo"),
  STATE_FILE: z.string().optional(),
  /** Tells the app beside it how far the clock was moved. */
  CLOCK_FILE: z.string().optional(),
  WATCH_URL: z.url().optional(),
  /** Set by `spawn.ts`: the end of standard input means that the parent is gone, killed perhaps. */
  STOP_WITH_PARENT: z.literal("1").optional(),
});

async function main(): Promise<void> {
  const parsed = environment.safeParse(process.env);
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) console.error(`${path.join(".")}: ${message}`);
    process.exitCode = 1;
    return;
  }
  const env = parsed.data;
  const secrets = env.STRIPE_WEBHOOK_SECRET.split(",").map((secret) => secret.trim());
  const standIn = await startStripeStandIn({
    port: env.PORT,
    host: env.HOST,
    secretKey: env.STRIPE_SECRET_KEY,
    endpoints: [{ url: env.STRIPE_WEBHOOK_URL, secrets }],
    ...(env.PUBLIC_BASE === undefined ? {} : { publicBase: env.PUBLIC_BASE }),
    ...(env.STATE_FILE === undefined ? {} : { stateFile: env.STATE_FILE }),
    ...(env.CLOCK_FILE === undefined ? {} : { clockFile: env.CLOCK_FILE }),
    ...(env.WATCH_URL === undefined ? {} : { watchUrl: env.WATCH_URL }),
  });
  const stop = () => void standIn.stop().then(() => process.exit(0));
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  if (env.STOP_WITH_PARENT === "1") process.stdin.once("end", stop).resume();
  // Only now: whoever waits for this line may ask it to stop at once.
  console.log(`Stripe stand-in ready: API ${standIn.apiBase}, control page ${standIn.url}/control`);
  console.log(`Webhooks go to ${env.STRIPE_WEBHOOK_URL}`);
}

main().catch((error: unknown) => {
  console.error(
    `The Stripe stand-in could not start: ${error instanceof Error ? error.message : String(error)}`,
  );
  process.exitCode = 1;
});
