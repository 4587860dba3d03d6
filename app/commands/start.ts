import { bootstrap, runCommand } from "#app/commands/bootstrap.ts";
import { serve } from "#app/commands/serve.ts";
import { untilSignal } from "#app/commands/until-signal.ts";
import { logger } from "#app/infra/logger.server.ts";

/** After an error nobody caught the process is not trusted any more: it finishes what is under way and ends. */
function untilCrash(): Promise<"crash"> {
  return new Promise((resolve) => {
    const crash = (error: unknown) => {
      logger().fatal({ err: error }, "an error nobody caught; stopping");
      resolve("crash");
    };
    process.once("uncaughtException", crash);
    process.once("unhandledRejection", crash);
  });
}

runCommand(async () => {
  const { env, stop } = await bootstrap();
  const serving = await serve().catch(async (error: unknown) => {
    await stop(); // a database of ours would go on running
    throw error;
  });
  logger().info({ url: serving.url, appUrl: env.appUrl, worker: env.worker }, "latchkey is ready");
  if (!env.stripeSecretKey)
    logger().warn("Stripe is not connected: the shop shows its plans and sells nothing");
  const reason = await Promise.race([untilSignal(), untilCrash()]);
  logger().info({ reason }, "stopping");
  await serving.stop();
  await stop();
  if (reason === "crash") process.exit(1);
});
