import type { ReactNode } from "react";

type EmptyStateProps = {
  title: string;
  children: ReactNode;
  action?: ReactNode;
  headingLevel?: 2 | 3 | undefined;
};

/** Says why there is nothing here and what to do next: nothing yet, nothing matches, or not yours to see. */
export function EmptyState({ title, children, action, headingLevel = 2 }: EmptyStateProps) {
  const Heading = headingLevel === 2 ? "h2" : "h3";
  return (
    <div className="rounded-xl border border-dashed border-line-strong/60 px-5 py-12 text-center">
      <Heading className="text-base font-semibold">{title}</Heading>
      <div className="mx-auto mt-1.5 max-w-md text-[0.9375rem] text-ink-muted">{children}</div>
      {action && <div className="mt-5 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}
