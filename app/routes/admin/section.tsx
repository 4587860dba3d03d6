import { type ReactNode, useId } from "react";

type SectionProps = { title: string; actions?: ReactNode; children: ReactNode };

/** A titled part of a page whose content brings its own frame, such as a table. */
export function Section({ title, actions, children }: SectionProps) {
  const titleId = useId();
  return (
    <section aria-labelledby={titleId} className="min-w-0">
      <div className="mb-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h2 id={titleId} className="text-base font-semibold">
          {title}
        </h2>
        {actions}
      </div>
      {children}
    </section>
  );
}

/** One quiet sentence where a part of a page has nothing to show. */
export function NothingHere({ children }: { children: ReactNode }) {
  return <p className="text-[0.9375rem] text-ink-muted">{children}</p>;
}
