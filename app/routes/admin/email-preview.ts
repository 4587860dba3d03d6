import type { LoaderFunctionArgs } from "@remix-run/node";
import { getEmailRow, isMailConfigured } from "#app/domain/email-outbox/email-outbox.queries.server.ts";
import { previewEmail } from "#app/emails/render-email.server.tsx";
import { currentTime } from "#app/http/current-time.server.ts";
import { requireStaff } from "#app/http/guards.server.ts";
import { notFound } from "#app/http/respond.server.ts";

// A mail is foreign matter to the page that frames it: it runs nothing, loads nothing and leads nowhere.
const headers = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy":
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'",
  "Cache-Control": "no-store",
};

/** The mail as HTML, keys and codes masked, for the frame on the mail's page. */
export async function loader({ request, params }: LoaderFunctionArgs) {
  const staff = await requireStaff(request, "email.read");
  const row = await getEmailRow(params.emailId ?? "");
  if (!row) throw notFound("email");
  // Without a mail server this page is the only way a mail reaches anybody.
  const reveal = !isMailConfigured() && staff.may("license.reveal-key");
  const preview = await previewEmail(row, { reveal, now: currentTime() });
  if ("unavailable" in preview) return new Response(messagePage(preview.unavailable), { headers });
  return new Response(preview.html, { headers });
}

function messagePage(words: string): string {
  const safe = words.replace(/[&<>]/g, "");
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>No preview</title></head><body><p>${safe}</p></body></html>`;
}
