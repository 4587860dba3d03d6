import type { ReactNode } from "react";
import { ButtonLink } from "./button.tsx";
import { CopyButton } from "./copy-button.tsx";

type ErrorPageProps = {
  status: number;
  title: string;
  children: ReactNode;
  requestId?: string | undefined;
  back: { to: string; label: string };
};

/** What happened, a way back, and the number that finds it in the log. */
export function ErrorPage({ status, title, children, requestId, back }: ErrorPageProps) {
  return (
    <div className="mx-auto grid max-w-xl gap-5 py-10 sm:py-16">
      <p className="text-sm font-semibold text-accent">Error {status}</p>
      <h1 className="-mt-3 text-2xl font-semibold tracking-tight sm:text-3xl">{title}</h1>
      <div className="space-y-3 text-ink-muted">{children}</div>
      <p>
        {/* A full load: what failed may have left this page half working. */}
        <ButtonLink to={back.to} reloadDocument>
          {back.label}
        </ButtonLink>
      </p>
      {requestId && (
        <p className="flex flex-wrap items-center gap-2 border-t border-line pt-5 text-sm text-ink-muted">
          If you ask for help, quote this request ID:
          <code translate="no" className="font-mono text-ink wrap-anywhere">
            {requestId}
          </code>
          <CopyButton value={requestId} label="Copy request ID" iconOnly />
        </p>
      )}
    </div>
  );
}
