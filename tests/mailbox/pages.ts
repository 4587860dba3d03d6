import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ReceivedMail } from "#tests/mailbox/mailbox.ts";

type Source = { port: number; mails: () => ReceivedMail[]; clear: () => void };

const pageCsp =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; form-action 'self'; base-uri 'none'";
const mailCsp =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; form-action 'none'";

/** Pages over the mails of a mailbox; they work without JavaScript. */
export async function startMailboxPages(source: Source): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => answer(source, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(source.port, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo; // a listening TCP server always has one
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}

type Answer = { status: number; body: string; csp?: string };

function answer(source: Source, request: IncomingMessage, response: ServerResponse): void {
  const [pathname = "/", query = ""] = (request.url ?? "/").split("?");
  if (request.method === "POST" && pathname === "/clear") {
    source.clear();
    response.writeHead(303, { location: "/" }).end();
    return;
  }
  const { status, body, csp } =
    request.method === "GET"
      ? pageAt(pathname, new URLSearchParams(query), source.mails())
      : { status: 405, body: page("Not allowed", "<p>Only reading is possible here.</p>"), csp: pageCsp };
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": csp ?? pageCsp,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}

function pageAt(pathname: string, query: URLSearchParams, mails: ReceivedMail[]): Answer {
  if (pathname === "/") return { status: 200, body: listPage(mails) };
  const [, id, html] = /^\/mails\/(\d+)(\/html)?$/.exec(pathname) ?? [];
  const mail = mails.find((candidate) => String(candidate.id) === id);
  if (!mail) return { status: 404, body: page("No such email", `<p>It was cleared. ${backLink}</p>`) };
  if (html) return { status: 200, body: withLinksInNewTab(mail.html), csp: mailCsp };
  return { status: 200, body: mailPage(mail, query.get("view") === "text" || !mail.html ? "text" : "html") };
}

const backLink = '<a href="/">← All emails</a>';

function listPage(mails: ReceivedMail[]): string {
  if (mails.length === 0)
    return page("Mailbox", "<p>No emails yet. Reload this page after something was sent.</p>");
  const rows = [...mails].reverse().map(
    (mail) => `<tr>
      <td><a href="/mails/${mail.id}">${escapeHtml(mail.subject || "(no subject)")}</a></td>
      <td>${escapeHtml(mail.recipients.join(", "))}</td>
      <td><time datetime="${mail.receivedAt.toISOString()}">${clock(mail.receivedAt)}</time></td></tr>`,
  );
  return page(
    "Mailbox",
    `<p>${mails.length === 1 ? "1 email" : `${mails.length} emails`}, the newest first. They are gone when this program ends.</p>
    <table><caption class="hidden">Received emails</caption>
    <thead><tr><th scope="col">Subject</th><th scope="col">To</th><th scope="col">Received</th></tr></thead>
    <tbody>${rows.join("")}</tbody></table>
    <form method="post" action="/clear"><button type="submit">Clear the mailbox</button></form>`,
  );
}

function mailPage(mail: ReceivedMail, view: "html" | "text"): string {
  const tab = (name: "html" | "text", label: string) =>
    `<a href="/mails/${mail.id}?view=${name}"${view === name ? ' aria-current="page"' : ""}>${label}</a>`;
  const body =
    view === "html"
      ? `<iframe title="The email" sandbox="allow-popups allow-popups-to-escape-sandbox" src="/mails/${mail.id}/html"></iframe>`
      : `<pre tabindex="0" aria-label="Text of the email">${linked(escapeHtml(mail.text))}</pre>`;
  return page(
    mail.subject || "(no subject)",
    `<p>${backLink}</p>
    <dl><dt>From</dt><dd>${escapeHtml(mail.from)}</dd><dt>To</dt><dd>${escapeHtml(mail.recipients.join(", "))}</dd>
    <dt>Received</dt><dd>${clock(mail.receivedAt)}</dd><dt>Message-ID</dt><dd>${escapeHtml(mail.messageId)}</dd></dl>
    <nav aria-label="Form of the email">${mail.html ? tab("html", "As designed") : ""} ${tab("text", "As text")}</nav>${body}`,
  );
}

const clock = (at: Date) => `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;

function linked(escaped: string): string {
  return escaped.replace(/https?:\/\/[^\s<>"]+/g, (url) => `<a href="${url}">${url}</a>`);
}

function withLinksInNewTab(html: string): string {
  const base = '<base target="_blank">';
  return /<head[^>]*>/i.test(html) ? html.replace(/<head[^>]*>/i, (head) => head + base) : base + html;
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? "");
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title === "Mailbox" ? title : `${title} · Mailbox`)}</title>
<link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${css}</style></head>
<body><header><p><a href="/">Mailbox</a> of the demo</p></header><main><h1>${escapeHtml(title)}</h1>${body}</main></body></html>`;
}

const css = `
:root { color-scheme: light dark; --ink: #10202b; --soft: #4a5964; --paper: #fff; --line: #cfd8dd; --accent: #0b5563; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf0; --soft: #a9b8c0; --paper: #10181d; --line: #33434c; --accent: #7fd0df; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header, main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
header { border-bottom: 1px solid var(--line); max-width: none; padding: 0; }
header p { max-width: 60rem; margin: 0 auto; padding: .75rem 1rem; color: var(--soft); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; }
a { color: var(--accent); display: inline-block; min-height: 24px; }
pre a { display: inline; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
table { width: 100%; border-collapse: collapse; margin-bottom: 1rem; }
.quiet, dt { color: var(--soft); text-align: left; }
th, td { padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); text-align: left; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 0 0 1rem; }
dd { margin: 0; overflow-wrap: anywhere; }
nav a { margin-right: 1rem; padding: .25rem 0; }
nav a[aria-current] { font-weight: 600; text-decoration-thickness: 3px; }
iframe { width: 100%; height: 70vh; border: 1px solid var(--line); background: #fff; color-scheme: light; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); padding: 1rem; }
button { font: inherit; padding: .4rem .9rem; border: 1px solid var(--accent); border-radius: 6px; color: var(--accent); background: none; }
`;
