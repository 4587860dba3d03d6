import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { retryObstacle } from "#app/domain/email-outbox/email.ts";
import {
  getEmail,
  getEmailRow,
  isMailConfigured,
} from "#app/domain/email-outbox/email-outbox.queries.server.ts";
import { emailKindLabel, emailStateMeaning } from "#app/domain/email-outbox/email-words.ts";
import { retryEmail } from "#app/domain/email-outbox/retry-email.server.ts";
import { previewEmail } from "#app/emails/render-email.server.tsx";
import { currentTime } from "#app/http/current-time.server.ts";
import { redirectWithFlash } from "#app/http/flash.server.ts";
import { formErrorResponse, invalidForm, parseForm, parseQuery } from "#app/http/forms.server.ts";
import { requireStaff } from "#app/http/guards.server.ts";
import { notFound } from "#app/http/respond.server.ts";
import { paths } from "#app/paths.ts";
import { EmailFacts } from "#app/routes/admin/email-facts.tsx";
import { EmailPageQuery, RetryEmailForm } from "#app/routes/admin/email-forms.server.ts";
import { EmailPreview } from "#app/routes/admin/email-preview-frame.tsx";
import { EmailStateBadge } from "#app/routes/admin/email-state-badge.tsx";
import { RetryEmail } from "#app/routes/admin/retry-email.tsx";
import { Banner } from "#app/ui/banner.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { useFreshWhile } from "#app/ui/use-fresh-while.ts";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data ? data.title : "Email"} · Latchkey` },
];

export async function loader({ request, params }: LoaderFunctionArgs) {
  const staff = await requireStaff(request, "email.read");
  const [email, row] = await Promise.all([getEmail(params.emailId ?? ""), getEmailRow(params.emailId ?? "")]);
  if (!email || !row) throw notFound("email");
  const { view } = parseQuery(request, EmailPageQuery);
  const mailConfigured = isMailConfigured();
  const masked = mailConfigured || !staff.may("license.reveal-key");
  const preview = await previewEmail(row, { reveal: !masked, now: currentTime() });
  return {
    email,
    view,
    masked,
    mailConfigured,
    title: "unavailable" in preview ? (email.subject ?? emailKindLabel(email.kind)) : preview.subject,
    text: "unavailable" in preview ? null : preview.text,
    unavailable: "unavailable" in preview ? preview.unavailable : null,
    mayRetry: staff.may("email.retry"),
    obstacle: retryObstacle(email),
    submission: crypto.randomUUID(),
  };
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const staff = await requireStaff(request, "email.retry");
  const parsed = await parseForm(request, RetryEmailForm);
  if (!parsed.ok) return invalidForm(parsed.state);
  const { intent, submission, recipient, reason } = parsed.value;
  const emailId = params.emailId ?? "";
  try {
    const { message } = await retryEmail({
      emailId,
      submission,
      recipient: intent === "redirect" ? (recipient ?? "") : undefined,
      reason,
      actor: staff.actor,
      now: currentTime(),
      requestId: context.requestId,
    });
    return await redirectWithFlash(paths.admin.email(emailId), message);
  } catch (error) {
    return formErrorResponse(error, parsed.form);
  }
}

export default function Email() {
  const { email, title, view, text, unavailable, masked, ...page } = useLoaderData<typeof loader>();
  const failed = useActionData<typeof action>();
  useFreshWhile(!failed && email.state === "queued" && page.mailConfigured);
  return (
    <>
      <PageHeader
        title={title}
        badge={<EmailStateBadge state={email.state} tries={email.attempts} />}
        lead={emailStateMeaning(email.state, email.attempts)}
        back={{ to: paths.admin.emails(), label: "Emails" }}
      />
      <div className="grid gap-5">
        {!page.mailConfigured && (
          <Banner tone="warning" title="Emails are not being sent">
            SMTP_URL is not set. This email waits here until it is.
          </Banner>
        )}
        <div className="grid items-start gap-5 lg:grid-cols-[3fr_2fr]">
          <EmailPreview
            emailId={email.id}
            view={view}
            text={text}
            unavailable={unavailable}
            masked={masked}
          />
          <div className="grid gap-5">
            <EmailFacts email={email} />
            {page.mayRetry && (
              <RetryEmail
                // A new answer starts the form anew.
                key={page.submission}
                submission={page.submission}
                sent={email.state === "sent"}
                recipient={email.recipient}
                obstacle={page.obstacle}
                state={failed?.form}
              />
            )}
          </div>
        </div>
      </div>
    </>
  );
}
