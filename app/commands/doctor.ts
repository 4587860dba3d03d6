import { bootstrap, runCommand } from "#app/commands/bootstrap.ts";
import { db } from "#app/infra/db.server.ts";
import { getEnv } from "#app/infra/env.server.ts";
import { verifySmtp } from "#app/infra/mailer.server.ts";
import { isLivemode, isStripeConfigured, stripe } from "#app/infra/stripe.server.ts";

type Finding = { ok: boolean; name: string; text: string };

/** Looks at one thing and says what is missing and what to do; a failure is a finding, not a crash. */
async function look(name: string, check: () => Promise<string | { problem: string }>): Promise<Finding> {
  try {
    const result = await check();
    return typeof result === "string"
      ? { ok: true, name, text: result }
      : { ok: false, name, text: result.problem };
  } catch (error) {
    return {
      ok: false,
      name,
      text: error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error),
    };
  }
}

runCommand(async () => {
  const { stop } = await bootstrap({ env: { LOG_LEVEL: "error" } });
  const env = getEnv();
  try {
    const findings = [
      await look("Database", async () => {
        const [row] = await db().$queryRaw<{ version: string }[]>`SELECT version()`;
        return `connected, schema up to date (${row?.version.split(" ").slice(0, 2).join(" ")})`;
      }),
      await look("Address", async () =>
        env.appUrl.startsWith("https:") || /\/\/(localhost|127\.0\.0\.1)(:|$)/.test(env.appUrl)
          ? env.appUrl
          : { problem: `APP_URL is ${env.appUrl}: use https, so that sign-ins and keys travel encrypted.` },
      ),
      await look("Stripe key", async () => {
        if (!isStripeConfigured()) return { problem: "set STRIPE_SECRET_KEY; until then nothing is sold." };
        await stripe().products.list({ limit: 1 });
        return `works, ${isLivemode() ? "live" : "test"} mode`;
      }),
      await look("Webhook secret", async () =>
        env.stripeWebhookSecrets.length > 0
          ? `${env.stripeWebhookSecrets.length} configured`
          : { problem: `set STRIPE_WEBHOOK_SECRET to the signing secret of ${env.appUrl}/webhooks/stripe.` },
      ),
      await look("Mail", async () => {
        if (!env.smtpUrl) return { problem: "set SMTP_URL; until then mails wait in the outbox." };
        await verifySmtp();
        return "the mail server answers";
      }),
      await look("Catalog", async () => {
        const [all, unlinked] = await Promise.all([
          db().price.count({ where: { archivedAt: null } }),
          db().price.count({ where: { archivedAt: null, stripePriceId: null } }),
        ]);
        if (all === 0) return { problem: "nothing is on sale: npm run catalog -- apply FILE" };
        return unlinked === 0
          ? `${all} prices on sale`
          : { problem: `${unlinked} prices are not in Stripe yet: apply the catalog again.` };
      }),
      await look("Staff", async () =>
        (await db().staffMember.count({ where: { role: "owner", disabledAt: null } })) > 0
          ? "there is an owner"
          : { problem: "nobody can sign in: npm run staff -- add --email you@example.com --role owner" },
      ),
      await look("Purchases", async () => {
        const failing = await db().stripeSource.count({ where: { failCount: { gt: 0 } } });
        return failing === 0
          ? "all in step with Stripe"
          : {
              problem: `${failing} cannot be brought in step with Stripe; see the overview in the admin area.`,
            };
      }),
    ];
    for (const { ok, name, text } of findings)
      console.log(`${ok ? "ok     " : "PROBLEM"}  ${name.padEnd(15)} ${text}`);
    process.exitCode = findings.every(({ ok }) => ok) ? 0 : 1;
  } finally {
    await stop();
  }
});
