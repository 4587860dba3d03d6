import type { AddressInfo } from "node:net";
import { simpleParser } from "mailparser";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";
import { startMailboxPages } from "#tests/mailbox/pages.ts";

/** A mail as it came over the wire. */
export type ReceivedMail = {
  /** 1, 2, 3 … in the order of arrival */
  id: number;
  receivedAt: Date;
  /** from the SMTP envelope */
  recipients: string[];
  from: string;
  subject: string;
  /** with its angle brackets */
  messageId: string;
  text: string;
  html: string;
  /** names in lower case */
  headers: Record<string, string>;
  /** the bytes as text */
  raw: string;
};

export type Mailbox = {
  /** what SMTP_URL has to be */
  smtpUrl: string;
  /** the page that lists the mails */
  url: string;
  messages(): ReceivedMail[];
  /** Resolves with the first mail, already here or still to come, that fits; rejects after the timeout. */
  waitFor(fits: (mail: ReceivedMail) => boolean, timeoutMs?: number): Promise<ReceivedMail>;
  clear(): void;
  /** Answers the next `count` mails with this SMTP code, at the recipient or after the message. */
  failNext(count: number, code: number, stage?: "recipient" | "message"): void;
  /** While true every connection is turned away with 421. */
  refuse(on: boolean): void;
  stop(): Promise<void>;
};

type State = {
  mails: ReceivedMail[];
  lastId: number;
  refusing: boolean;
  failures: { code: number; stage: "recipient" | "message" }[];
  waiting: Set<() => void>;
};

/** A real SMTP server that accepts every mail, keeps it in memory and shows it on a page. Port 0 = any free one. */
export async function startMailbox(options: { port?: number; webPort?: number } = {}): Promise<Mailbox> {
  const state: State = { mails: [], lastId: 0, refusing: false, failures: [], waiting: new Set() };
  const smtp = smtpServer(state);
  const smtpPort = await listen(smtp, options.port ?? 0);
  const clear = () => {
    state.mails = [];
  };
  const pages = await startMailboxPages({ port: options.webPort ?? 0, mails: () => state.mails, clear });
  return {
    smtpUrl: `smtp://127.0.0.1:${smtpPort}`,
    url: pages.url,
    messages: () => [...state.mails],
    waitFor: (fits, timeoutMs = 10_000) => waitFor(state, fits, timeoutMs),
    clear,
    failNext: (count, code, stage = "recipient") => {
      for (let i = 0; i < count; i++) state.failures.push({ code, stage });
    },
    refuse: (on) => {
      state.refusing = on;
    },
    stop: async () => {
      await pages.stop();
      await new Promise<void>((resolve) => smtp.close(resolve));
    },
  };
}

function smtpServer(state: State): SMTPServer {
  const unavailable = () => (state.refusing ? smtpError(421, "Not now") : undefined);
  return new SMTPServer({
    disabledCommands: ["STARTTLS", "AUTH"],
    disableReverseLookup: true,
    closeTimeout: 200,
    onConnect: (_session, done) => done(unavailable()),
    onMailFrom: (_address, _session, done) => done(unavailable()),
    onRcptTo: (_address, _session, done) => done(nextFailure(state, "recipient")),
    onData: (stream, session, done) => {
      receive(state, stream, session).then(
        () => done(),
        (error) => done(error instanceof Error ? error : new Error("not received")),
      );
    },
  });
}

async function receive(
  state: State,
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  const failure = nextFailure(state, "message");
  if (failure) throw failure;
  const raw = Buffer.concat(chunks);
  const parsed = await simpleParser(raw, { skipTextToHtml: true, skipImageLinks: true });
  state.mails.push({
    id: ++state.lastId,
    receivedAt: new Date(),
    recipients: session.envelope.rcptTo.map((to) => to.address),
    from: parsed.from?.text ?? "",
    subject: parsed.subject ?? "",
    messageId: parsed.messageId ?? "",
    text: parsed.text ?? "",
    html: parsed.html || "",
    headers: Object.fromEntries(
      parsed.headerLines.map(({ key, line }) => [key, line.replace(/^[^:]*:\s*/, "")]),
    ),
    raw: raw.toString(),
  });
  for (const look of [...state.waiting]) look();
}

function nextFailure(state: State, stage: "recipient" | "message"): Error | undefined {
  const first = state.failures[0];
  if (!first || first.stage !== stage) return undefined;
  state.failures.shift();
  return smtpError(first.code, stage === "recipient" ? "No such mailbox here" : "Message not taken");
}

function smtpError(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

function waitFor(
  state: State,
  fits: (mail: ReceivedMail) => boolean,
  timeoutMs: number,
): Promise<ReceivedMail> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      state.waiting.delete(look);
      const subjects = state.mails.map((mail) => mail.subject).join("; ") || "none";
      reject(new Error(`No fitting mail came within ${timeoutMs} ms. Mails here: ${subjects}.`));
    }, timeoutMs);
    const look = () => {
      const found = state.mails.find(fits);
      if (!found) return;
      clearTimeout(timer);
      state.waiting.delete(look);
      resolve(found);
    };
    state.waiting.add(look);
    look();
  });
}

function listen(smtp: SMTPServer, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    smtp.server.once("error", reject);
    smtp.listen(port, "127.0.0.1", () => {
      smtp.server.off("error", reject);
      // A client that hangs up in the middle is no reason to end the process.
      smtp.on("error", () => {});
      resolve((smtp.server.address() as AddressInfo).port); // a listening TCP server always has one
    });
  });
}
