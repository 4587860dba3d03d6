import { Link } from "@remix-run/react";
import { ArrowLeft } from "lucide-react";
import type { ReactNode } from "react";

type PageHeaderProps = {
  title: ReactNode;
  lead?: ReactNode;
  badge?: ReactNode;
  actions?: ReactNode;
  back?: { to: string; label: string } | undefined;
};

/** The one `h1` of a page, with where it hangs, what state it is in and what can be done. */
export function PageHeader({ title, lead, badge, actions, back }: PageHeaderProps) {
  return (
    <div className="mb-6 grid gap-3">
      {back && (
        <p>
          <Link
            to={back.to}
            className="-ml-1 inline-flex min-h-6 items-center gap-1.5 rounded-md px-1 text-sm text-ink-muted hover:text-ink hover:underline print:hidden"
          >
            <ArrowLeft aria-hidden="true" className="size-4" />
            {back.label}
          </Link>
        </p>
      )}
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-4">
        <div className="grid min-w-0 gap-1.5">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
            <h1 className="min-w-0 text-2xl font-semibold tracking-tight wrap-anywhere sm:text-[1.75rem] sm:leading-9">
              {title}
            </h1>
            {badge}
          </div>
          {lead && <p className="max-w-2xl text-ink-muted wrap-anywhere">{lead}</p>}
        </div>
        {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
      </div>
    </div>
  );
}
