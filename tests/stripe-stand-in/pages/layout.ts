import { type Html, html, raw } from "./html.ts";
import { STYLE } from "./style.ts";

export type PageAnswer = { status: number; headers: Record<string, string>; body: string };

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  // No form-action here: a form's answer redirects to the shop, and the browser would hold that against it.
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

/** A whole page. Works without any script, because there is none. */
export function htmlPage(title: string, content: Html, status = 200): PageAnswer {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${raw(STYLE)}</style>
</head>
<body>
<aside aria-label="Notice"><p class="banner">Stripe stand-in for demos and tests. No real money moves here.</p></aside>
${content}
</body>
</html>
`;
  return { status, headers: HEADERS, body: page.markup };
}

export function seeOther(location: string): PageAnswer {
  return { status: 303, headers: { location, "cache-control": "no-store" }, body: "" };
}

export function jsonAnswer(value: unknown, status = 200): PageAnswer {
  const headers = { "content-type": "application/json", "cache-control": "no-store" };
  return { status, headers, body: JSON.stringify(value, null, 2) };
}

export function notFoundPage(): PageAnswer {
  const content = html`<main class="checkout"><h1>There is nothing here</h1>
<p>This address belongs to no checkout. <a href="/control">What the stand-in knows</a></p></main>`;
  return htmlPage("Not found", content, 404);
}
