import type { Request, Response } from "express";
import { requestContext } from "#app/http/request-context.server.ts";

type PlainPage = { status: number; title: string; text: string };

/**
 * An answer from in front of the framework, in the shape the asker understands: a small page for a browser, what
 * Remix takes for a thrown response when its own scripts ask, text for everything else.
 */
export function sendPlainPage(request: Request, response: Response, page: PlainPage): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { requestId, nonce } = requestContext(response);
  response.status(page.status).set("Cache-Control", "no-store");
  if (request.query._data !== undefined) {
    response.set("X-Remix-Catch", "yes").json({ message: page.text });
  } else if (request.accepts(["text", "html"]) === "html") {
    response.type("html").send(pageHtml(page, requestId, nonce));
  } else {
    response.type("text").send(`${page.title}. ${page.text}\nRequest id: ${requestId}\n`);
  }
}

/** Every word here is our own: nothing of the request is repeated. */
function pageHtml({ status, title, text }: PlainPage, requestId: string, nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Latchkey</title>
<style nonce="${nonce}">
:root { color-scheme: light dark; --muted: light-dark(#4a5b67, #a5b4bd); --accent: light-dark(#0b5566, #6cc5d4) }
body { margin: 0; background: light-dark(#f6f8f9, #0d1317); color: light-dark(#0f1e27, #e9eff2); font: 1rem/1.6 system-ui, sans-serif }
main { max-width: 36rem; margin: 0 auto; padding: 4rem 1rem }
p { color: var(--muted) } .status, a { color: var(--accent) } h1 { line-height: 1.25 } code { overflow-wrap: anywhere }
</style>
</head>
<body>
<main>
<p class="status">Error ${status}</p>
<h1>${title}</h1>
<p>${text}</p>
<p><a href="/">Go to the start page</a></p>
<p>Request id: <code>${requestId}</code></p>
</main>
</body>
</html>
`;
}
