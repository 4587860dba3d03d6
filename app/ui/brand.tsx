import { Link } from "@remix-run/react";

/** The sign of the house: a latch plate with its keyhole. `public/favicon.svg` is the same drawing. */
function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className="size-7 flex-none">
      <rect width="32" height="32" rx="8" className="fill-accent-fill" />
      <circle cx="16" cy="13" r="4.5" className="fill-accent-on" />
      <path d="M14.2 15.5h3.6l1.7 8.5h-7z" className="fill-accent-on" />
    </svg>
  );
}

export function Brand({ to, area }: { to: string; area?: string | undefined }) {
  return (
    <Link
      to={to}
      className="-mx-1 inline-flex min-h-9 items-center gap-2.5 rounded-lg px-1 font-semibold tracking-tight"
    >
      <Mark />
      <span>
        Latchkey
        {area && <span className="font-normal text-ink-muted"> {area}</span>}
      </span>
    </Link>
  );
}
