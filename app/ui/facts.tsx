import type { ReactNode } from "react";

/** A list of label and value; one column on a phone, label beside value above that. */
export function Facts({ children }: { children: ReactNode }) {
  return (
    <dl className="grid gap-y-3 text-[0.9375rem] leading-6 sm:gap-y-0 sm:divide-y sm:divide-line">
      {children}
    </dl>
  );
}

export function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid gap-x-4 sm:grid-cols-[8.5rem_minmax(0,1fr)] sm:py-2.5 sm:first:pt-0 sm:last:pb-0">
      <dt className="text-sm leading-6 text-ink-muted">{label}</dt>
      <dd className="min-w-0 wrap-anywhere">{children}</dd>
    </div>
  );
}
