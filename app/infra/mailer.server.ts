import { createTransport, type NodemailerError } from "nodemailer";
import { getEnv } from "#app/infra/env.server.ts";
import { dropSingleton, singleton } from "#app/infra/singleton.server.ts";

export type OutgoingMail = {
  /** One plain address, no display name and no list. */
  to: string;
  /** `address` or `Name <address>`. */
  from: string;
  subject: string;
  html: string;
  text: string;
  /** With its angle brackets. */
  messageId: string;
  headers?: Record<string, string>;
};

/** A mail that was not accepted. `permanent` = the same mail to the same address would be refused again. */
export class MailError extends Error {
  override name = "MailError";
  readonly permanent: boolean;

  constructor(message: string, permanent: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.permanent = permanent;
  }
}

/** So many mails are on the wire at once; more than this wait for a free connection. */
export const maxSmtpConnections = 5;
/** Connecting, queueing and sending together never take longer than this. */
export const sendTimeoutSeconds = 40;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const controlCharacters = /[\u0000-\u001f\u007f\u0085\u2028\u2029]/;
const plainAddress = /^[^\s<>()[\]\\,;:"@]{1,64}@[^\s<>()[\]\\,;:"@]{1,255}$/;

/**
 * Sends one mail to one address and returns once the server has taken it.
 * @throws MailError permanent: a header holds a line break, the address is not one plain address, or the server
 *   refused this recipient with 5xx. Temporary: everything else (no connection, 4xx, a refused login or sender),
 *   because that is mended at the vendor's or the provider's side and the same mail then goes through.
 */
export async function sendMail(mail: OutgoingMail): Promise<void> {
  refuseUnsafe(mail);
  try {
    await transport().sendMail({
      // As an object the address is taken literally; a string would be read as a list.
      to: { name: "", address: mail.to },
      from: mail.from,
      subject: mail.subject,
      html: mail.html,
      text: mail.text,
      messageId: mail.messageId,
      headers: { "Auto-Submitted": "auto-generated", ...mail.headers },
      disableFileAccess: true,
      disableUrlAccess: true,
      signal: AbortSignal.timeout(sendTimeoutSeconds * 1000),
    });
  } catch (error) {
    throw asMailError(error);
  }
}

/**
 * Connects and signs in without sending anything.
 * @throws MailError that says what the mail server answered
 */
export async function verifySmtp(): Promise<void> {
  try {
    await transport().verify();
  } catch (error) {
    throw asMailError(error);
  }
}

/** Closes the connections to the mail server; the next mail opens them again. */
export function closeMailer(): void {
  if (!getEnv().smtpUrl) return;
  transport().close();
  dropSingleton(transportName());
}

const transportName = () => `mailer:${getEnv().smtpUrl ?? ""}`;

function transport() {
  const { smtpUrl } = getEnv();
  if (!smtpUrl) throw new MailError("SMTP_URL is not set, so no mail can be sent.", false);
  return singleton(transportName(), () =>
    createTransport({
      url: smtpUrl,
      pool: true,
      maxConnections: maxSmtpConnections,
      // A connection the server closed while idle costs one more try, not a deferral; the outbox does the rest.
      maxRequeues: 1,
      idleTimeout: 30_000,
      connectionTimeout: 10_000,
      greetingTimeout: 10_000,
      socketTimeout: 20_000,
      dnsTimeout: 10_000,
    }),
  );
}

/** A line break in a header value would start a header, or a mail, of the attacker's choice. */
function refuseUnsafe(mail: OutgoingMail): void {
  const values = { to: mail.to, from: mail.from, subject: mail.subject, "message-id": mail.messageId };
  for (const [name, value] of [...Object.entries(values), ...Object.entries(mail.headers ?? {})]) {
    if (controlCharacters.test(value) || !/^[A-Za-z0-9-]+$/.test(name))
      throw new MailError(
        `The mail's ${name.replace(/[^\w-]/g, "?")} header holds a control character.`,
        true,
      );
  }
  if (!plainAddress.test(mail.to)) throw new MailError("The recipient is not one plain mail address.", true);
}

function asMailError(error: unknown): MailError {
  const { message, command, responseCode } = error as Partial<NodemailerError>; // every field is checked below
  const words =
    typeof message === "string" ? message.replace(/\s+/g, " ").slice(0, 500) : "The mail was not sent.";
  const refused = typeof responseCode === "number" && responseCode >= 500 && responseCode !== 503;
  const unspeakable = command === "API" && /^(No|Invalid) recipient/.test(words);
  return new MailError(words, (refused && command === "RCPT TO") || unspeakable, error);
}
