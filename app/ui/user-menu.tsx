import { ChevronDown, CircleUserRound, LogOut } from "lucide-react";
import { paths } from "#app/paths.ts";
import { useMenu } from "./use-menu.ts";

type UserMenuProps = {
  /** Which session the sign-out ends. */
  as: "customer" | "staff";
  email: string;
  name?: string | null | undefined;
  detail?: string | undefined;
};

/** Who is signed in, and the way out. A disclosure, so it opens without scripts; with them Escape closes it. */
export function UserMenu({ as, email, name, detail }: UserMenuProps) {
  const menu = useMenu();
  return (
    <details ref={menu} className="group relative print:hidden">
      <summary className="inline-flex min-h-9 items-center gap-1.5 rounded-lg px-2 text-sm hover:bg-sunken">
        <CircleUserRound aria-hidden="true" className="size-5 text-ink-muted" />
        <span className="sr-only">Account of </span>
        <span className="max-w-56 truncate max-sm:sr-only">{name || email}</span>
        <ChevronDown aria-hidden="true" className="size-4 text-ink-muted group-open:rotate-180" />
      </summary>
      <div className="absolute right-0 z-20 mt-2 w-64 rounded-xl border border-line bg-surface p-2 shadow-raised">
        <div className="border-b border-line px-2 pt-1 pb-2.5 text-sm">
          {name && <p className="font-medium wrap-anywhere">{name}</p>}
          <p className="wrap-anywhere text-ink-muted">{email}</p>
          {detail && <p className="text-ink-muted">{detail}</p>}
        </div>
        <form method="post" action={paths.signOut()} className="pt-2">
          <input type="hidden" name="as" value={as} />
          <button
            type="submit"
            className="flex min-h-9 w-full items-center gap-2 rounded-lg px-2 text-left text-sm font-medium hover:bg-sunken"
          >
            <LogOut aria-hidden="true" className="size-4 text-ink-muted" />
            Sign out
          </button>
        </form>
      </div>
    </details>
  );
}
