import { bootstrap, runCommand } from "#app/commands/bootstrap.ts";
import { untilSignal } from "#app/commands/until-signal.ts";
import { logger } from "#app/infra/logger.server.ts";
import { startWorker } from "#app/jobs/worker.server.ts";

runCommand(async () => {
  const { stop } = await bootstrap();
  const worker = startWorker();
  logger().info("worker started");
  await untilSignal();
  await worker.stop();
  await stop();
});
