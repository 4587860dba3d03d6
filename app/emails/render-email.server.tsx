import { toPlainText } from "@react-email/components";
import { renderToStaticMarkup } from "react-dom/server";
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
    if (content) return renderContent(content);
    return { unavailable: noLongerTrue ?? "There is nothing to show." };
  } catch (error) {
    logger().error({ err: error, emailId: row.id }, "a mail could not be rendered");
    return { unavailable: "This mail cannot be written. The server log says why." };
  }
}

/** Mail programs know this one best. */
const doctype =
  '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">';

const headingsAsTyped = ["h1", "h2"].map((selector) => ({ selector, options: { uppercase: false } }));

/**
 * In one piece, without the stream of react-email's `render`: React 18 puts a NUL where a character of several bytes
 * crosses the border of two chunks (https://github.com/facebook/react/issues/24985).
 */
function renderContent(content: EmailContent): RenderedEmail {
  const { appUrl, mailFrom } = getEnv();
  const site = { appUrl, shopName: shopNameOf(mailFrom) };
  const markup = renderToStaticMarkup(emailTemplate(content, site));
  return {
    subject: emailSubject(content, site.shopName),
    html: doctype + markup,
    text: toPlainText(markup, { selectors: headingsAsTyped }),
  };
}

/** `Lumen Software <hello@lumen.example>` to `Lumen Software`; a bare address stands for itself. */
export function shopNameOf(mailFrom: string): string {
  const name = /^\s*"?([^"<]*?)"?\s*<[^>]+>\s*$/.exec(mailFrom)?.[1];
  return name || mailFrom.replace(/[<>]/g, "").trim();
}
