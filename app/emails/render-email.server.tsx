import { render } from "@react-email/components";
import { loadEmailContent } from "#app/domain/email-outbox/email-content.server.ts";
import type { EmailContent } from "#app/domain/email-outbox/email-content.ts";
import { emailSubject } from "#app/domain/email-outbox/email-subject.ts";
import { emailTemplate } from "#app/emails/email-template.tsx";
import { getEnv } from "#app/infra/env.server.ts";
import { logger } from "#app/infra/logger.server.ts";
import type { Email } from "#app/infra/prisma-client/client.ts";

export type RenderedEmail = { subject: string; html: string; text: string };

/**
 * A mail as it is to be sent at `now`, or why it must not be sent any more. With `reveal: false` keys and codes
 * are masked.
 * @throws when the row cannot be read: foreign props, or a key sealed under another master key.
 */
export async function renderEmail(
  row: Email,
  options: { reveal: boolean; now: Date },
): Promise<RenderedEmail | { dropped: string }> {
  const { content, noLongerTrue } = await loadEmailContent(row, options);
  if (noLongerTrue !== null || content === null)
    return { dropped: noLongerTrue ?? "There is nothing to tell." };
  return renderContent(content);
}

/**
 * A mail as staff look at it, also when it was sent, given up or is no longer true; or a sentence when it cannot be
 * shown any more.
 */
export async function previewEmail(
  row: Email,
  options: { reveal: boolean; now: Date },
): Promise<RenderedEmail | { unavailable: string }> {
  try {
    const { content, noLongerTrue } = await loadEmailContent(row, options);
    if (content) return await renderContent(content);
    return { unavailable: noLongerTrue ?? "There is nothing to show." };
  } catch (error) {
    logger().error({ err: error, emailId: row.id }, "a mail could not be rendered");
    return { unavailable: "This mail cannot be written. The server log says why." };
  }
}

async function renderContent(content: EmailContent): Promise<RenderedEmail> {
  const { appUrl, mailFrom } = getEnv();
  const site = { appUrl, shopName: shopNameOf(mailFrom) };
  const html = await render(emailTemplate(content, site));
  const text = await render(emailTemplate(content, site), {
    plainText: true,
    htmlToTextOptions: {
      selectors: [
        { selector: "h1", options: { uppercase: false } },
        { selector: "h2", options: { uppercase: false } },
      ],
    },
  });
  return { subject: emailSubject(content, site.shopName), html, text };
}

/** `Lumen Software <hello@lumen.example>` to `Lumen Software`; a bare address stands for itself. */
export function shopNameOf(mailFrom: string): string {
  const name = /^\s*"?([^"<]*?)"?\s*<[^>]+>\s*$/.exec(mailFrom)?.[1];
  return name || mailFrom.replace(/[<>]/g, "").trim();
}
