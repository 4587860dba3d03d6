import { randomBytes } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { parseEnv, setRuntimeEnv } from "#app/infra/env.server.ts";
import { closeMailer, MailError, type OutgoingMail, sendMail } from "#app/infra/mailer.server.ts";
import { startMailbox } from "#tests/mailbox/mailbox.ts";

const mailbox = await startMailbox();
useMailServer(mailbox.smtpUrl);
afterAll(async () => {
  closeMailer();
  await mailbox.stop();
});

/** No database is needed to send. */
function useMailServer(smtpUrl: string): void {
  const env = parseEnv({ LOG_LEVEL: "silent", APP_URL: "http://localhost:3000", SMTP_URL: smtpUrl });
  setRuntimeEnv({ ...env, databaseUrl: "postgresql://unused.invalid/none", masterKey: randomBytes(32) });
}

const mail = (overrides: Partial<OutgoingMail> = {}): OutgoingMail => ({
  to: "buyer@example.com",
  from: "Lumen Software <hello@lumen.example>",
  subject: "Your Lumen license key",
  html: "<p>Hello</p>",
  text: "Hello",
  messageId: "<mail_1@lumen.example>",
  ...overrides,
});

async function errorOf(sending: Promise<void>): Promise<MailError> {
  const error = await sending.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof MailError)) throw new Error(`expected a MailError, got ${String(error)}`);
  return error;
}

test("a mail arrives with its text, its HTML and the Message-ID it was given", async () => {
  mailbox.clear();
  await sendMail(mail({ subject: "Grüße – Lumen ✓", text: "Schlüssel: ABCD" }));
  const received = await mailbox.waitFor(() => true);
  expect(received).toMatchObject({
    recipients: ["buyer@example.com"],
    subject: "Grüße – Lumen ✓",
    messageId: "<mail_1@lumen.example>",
  });
  expect(received.text).toContain("Schlüssel: ABCD");
  expect(received.html).toContain("<p>Hello</p>");
  expect(received.headers["auto-submitted"]).toContain("auto-generated");
});

const controls = [
  "\r\n",
  "\n",
  "\r",
  "\r\n\r\n",
  "\n\n",
  "\0",
  "\v",
  "\f",
  "\u0085",
  "\u2028",
  "\u2029",
  "\x7f",
  "\n ",
  "\r\n\t",
];
const tails = ["Bcc: victim@example.com", "Content-Type: text/html", "evil", ".", "X: y\r\n\r\n<script>"];
const corpus = controls.flatMap((control) => tails.map((tail) => `Hello${control}${tail}`));

test("no header value with a control character is ever sent", async () => {
  mailbox.clear();
  expect(corpus.length).toBeGreaterThanOrEqual(60);
  for (const value of corpus) {
    const address = value.replace("Hello", "buyer@example.com");
    const attempts = [
      mail({ subject: value }),
      mail({ to: address }),
      mail({ from: `${value} <hello@lumen.example>` }),
      mail({ messageId: `<${value}@lumen.example>` }),
      mail({ headers: { "X-Note": value } }),
      mail({ headers: { [`X-Note${value}`]: "fine" } }),
    ];
    for (const attempt of attempts) expect((await errorOf(sendMail(attempt))).permanent).toBe(true);
  }
  expect(mailbox.messages()).toEqual([]);
});

test("what is not one plain address is refused and never becomes a second recipient", async () => {
  mailbox.clear();
  const addresses = [
    "",
    "nobody",
    "a@example.com, b@example.com",
    "a@example.com;b@example.com",
    "Name <a@example.com>",
    "<a@example.com>",
    "a b@example.com",
    "a@b@example.com",
    "a@example.com ",
    "group: a@example.com;",
    '"a b"@example.com',
    "@example.com",
    "a@",
  ];
  for (const to of addresses) expect((await errorOf(sendMail(mail({ to })))).permanent, to).toBe(true);
  expect(mailbox.messages()).toEqual([]);
});

test("a recipient refused with 5xx is permanent, with 4xx temporary", async () => {
  mailbox.failNext(1, 550);
  expect((await errorOf(sendMail(mail()))).permanent).toBe(true);
  mailbox.failNext(1, 451);
  expect((await errorOf(sendMail(mail()))).permanent).toBe(false);
});

test("a message refused after the recipient was accepted is temporary: the vendor can mend it", async () => {
  mailbox.failNext(1, 554, "message");
  expect((await errorOf(sendMail(mail()))).permanent).toBe(false);
});

test("a server that turns everybody away is temporary", async () => {
  mailbox.refuse(true);
  expect((await errorOf(sendMail(mail()))).permanent).toBe(false);
  mailbox.refuse(false);
});

test("a server that is not there is temporary", async () => {
  const gone = await startMailbox();
  await gone.stop();
  useMailServer(gone.smtpUrl);
  expect((await errorOf(sendMail(mail()))).permanent).toBe(false);
  closeMailer();
  useMailServer(mailbox.smtpUrl);
});
