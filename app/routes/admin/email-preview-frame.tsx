import { Link } from "@remix-run/react";
import { clsx } from "clsx";
import { paths } from "#app/paths.ts";
import { Card } from "#app/ui/card.tsx";

type EmailPreviewProps = {
  emailId: string;
  view: "html" | "text";
  text: string | null;
  unavailable: string | null;
  masked: boolean;
};

/** The mail as its reader sees it, or its text part; which of them is in the address. */
export function EmailPreview({ emailId, view, text, unavailable, masked }: EmailPreviewProps) {
  return (
    <Card
      title="Preview"
      actions={
        <nav aria-label="Form of the preview" className="flex gap-1">
          <ViewLink emailId={emailId} view="html" current={view}>
            As designed
          </ViewLink>
          <ViewLink emailId={emailId} view="text" current={view}>
            As text
          </ViewLink>
        </nav>
      }
    >
      {masked && <p className="mb-4 text-sm text-ink-muted">Keys and codes are hidden here.</p>}
      {unavailable !== null && <p>{unavailable}</p>}
      {unavailable === null && view === "html" && (
        <iframe
          title="The email as designed"
          sandbox=""
          src={paths.admin.emailPreview(emailId)}
          className="h-[42rem] w-full rounded-lg border border-line bg-white"
        />
      )}
      {unavailable === null && view === "text" && (
        <pre className="text-sm leading-6 whitespace-pre-wrap wrap-anywhere">{text}</pre>
      )}
    </Card>
  );
}

type View = "html" | "text";

function ViewLink(props: { emailId: string; view: View; current: View; children: string }) {
  const { emailId, view, current, children } = props;
  return (
    <Link
      to={`${paths.admin.email(emailId)}?view=${view}`}
      preventScrollReset
      aria-current={view === current ? "page" : undefined}
      className={clsx(
        "inline-flex min-h-8 items-center rounded-lg px-2.5 text-sm",
        view === current
          ? "bg-accent-soft font-medium text-accent"
          : "text-ink-muted hover:bg-sunken hover:text-ink",
      )}
    >
      {children}
    </Link>
  );
}
