import { z } from "zod";
import { startMailbox } from "#tests/mailbox/mailbox.ts";

const Ports = z.object({
  SMTP_PORT: z.coerce.number().int().min(0).max(65535).default(1025),
  PORT: z.coerce.number().int().min(0).max(65535).default(1080),
});

const parsed = Ports.safeParse(process.env);
if (!parsed.success) {
  const names = parsed.error.issues.map((issue) => issue.path.join(".")).join(" and ");
  console.error(`The mailbox cannot start: set ${names} to a port number from 0 to 65535.`);
  process.exit(1);
}

try {
  const mailbox = await startMailbox({ port: parsed.data.SMTP_PORT, webPort: parsed.data.PORT });
  console.log(`Mailbox: ${mailbox.url}  (SMTP_URL=${mailbox.smtpUrl})`);
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void mailbox.stop().then(() => process.exit(0)));
} catch (error) {
  const words = error instanceof Error ? error.message : String(error);
  console.error(`The mailbox cannot start: ${words}. Set SMTP_PORT and PORT to free ports.`);
  process.exit(1);
}
