import { ChevronLeft, ChevronRight } from "lucide-react";
import { ButtonLink } from "./button.tsx";

type PagerProps = { previous?: string | undefined; next?: string | undefined; label: string };

/** Earlier and later pages of a list that is paged by key. Shows nothing when there is only one page. */
export function Pager({ previous, next, label }: PagerProps) {
  if (!previous && !next) return null;
  return (
    <nav aria-label={label} className="mt-5 flex items-center justify-between gap-3">
      {previous ? (
        <ButtonLink to={previous} rel="prev" variant="secondary" size="small">
          <ChevronLeft aria-hidden="true" className="-ml-1 size-4" />
          Previous
        </ButtonLink>
      ) : (
        <span />
      )}
      {next && (
        <ButtonLink to={next} rel="next" variant="secondary" size="small">
          Next
          <ChevronRight aria-hidden="true" className="-mr-1 size-4" />
        </ButtonLink>
      )}
    </nav>
  );
}
