import { bootstrap, runCommand } from "#app/commands/bootstrap.ts";
import { serve } from "#app/commands/serve.ts";
import { untilSignal } from "#app/commands/until-signal.ts";
import { logger } from "#app/infra/logger.server.ts";

runCommand(async () => {
  const { env, stop } = await bootstrap();
  const serving = await serve();
  logger().info({ url: serving.url, appUrl: env.appUrl, worker: env.worker }, "latchkey is ready");
  if (!env.stripeSecretKey)
    logger().warn("Stripe is not connected: the shop shows its plans and sells nothing");
  const signal = await untilSignal();
  logger().info({ signal }, "stopping");
  await serving.stop();
  await stop();
});
