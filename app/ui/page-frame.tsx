import { NavLink } from "@remix-run/react";
import { FlaskConical } from "lucide-react";
import type { ReactNode } from "react";

/** The first stop of the Tab key on every page; seen only then. */
export function SkipLink() {
  return (
    <a
      href="#main"
      className="fixed top-2 left-2 z-50 -translate-y-20 rounded-lg bg-accent-fill px-4 py-2 font-medium text-accent-on focus:translate-y-0"
    >
      Skip to content
    </a>
  );
}

/** Stands on every page while the Stripe key is a test key. */
export function TestModeBanner({ shown }: { shown: boolean }) {
  if (!shown) return null;
  return (
    <p className="flex items-center justify-center gap-2 border-b border-warn-line bg-warn-soft px-4 py-1.5 text-center text-sm text-warn print:hidden">
      <FlaskConical aria-hidden="true" className="size-4 flex-none" />
      Test mode: no real money
    </p>
  );
}

/** A link of the site's navigation; the page one is on is marked by more than color. */
export function SiteNavLink({ to, children }: { to: string; children: ReactNode }) {
  return (
    <NavLink
      to={to}
      end
      className="inline-flex min-h-9 items-center rounded-lg px-2 text-sm font-medium text-accent hover:bg-accent-soft aria-[current=page]:text-ink aria-[current=page]:underline aria-[current=page]:decoration-2 aria-[current=page]:underline-offset-6 sm:px-3"
    >
      {children}
    </NavLink>
  );
}

/** The page's own part; focus can be sent here by the skip link and after a change of page. */
export function Main({ className, children }: { className: string; children: ReactNode }) {
  return (
    <main id="main" tabIndex={-1} className={className}>
      {children}
    </main>
  );
}
