import { bootstrap, runCommand } from "#app/commands/bootstrap.ts";
import { currentTime } from "#app/infra/clock.server.ts";
import { reconcile } from "#app/jobs/reconcile.server.ts";

runCommand(async () => {
  const { stop } = await bootstrap();
  try {
    const result = await reconcile(currentTime());
    console.log(
      `Sales found: ${result.found}. Synced with Stripe: ${result.synced}. Mails sent: ${result.emailsSent}. Records sealed: ${result.recordsSealed}.`,
    );
  } finally {
    await stop();
  }
});
