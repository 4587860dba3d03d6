import { clsx } from "clsx";
import { type ReactNode, useId } from "react";

type CardProps = {
  title?: ReactNode;
  /** Level of the title in the page's outline; 2 unless it lies within a section of its own. */
  headingLevel?: 2 | 3 | undefined;
  actions?: ReactNode;
  className?: string | undefined;
  children: ReactNode;
};

export function Card({ title, headingLevel = 2, actions, className, children }: CardProps) {
  const titleId = useId();
  const Heading = headingLevel === 2 ? "h2" : "h3";
  return (
    <section
      aria-labelledby={title ? titleId : undefined}
      className={clsx("min-w-0 rounded-xl border border-line bg-surface p-4 shadow-card sm:p-6", className)}
    >
      {(title || actions) && (
        <div className="mb-4 flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
          {title && (
            <Heading id={titleId} className="min-w-0 text-base font-semibold wrap-anywhere">
              {title}
            </Heading>
          )}
          {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
        </div>
      )}
      {children}
    </section>
  );
}
