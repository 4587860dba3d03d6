import { NavLink } from "@remix-run/react";
import { clsx } from "clsx";
import {
  CircleAlert,
  KeyRound,
  LayoutDashboard,
  type LucideIcon,
  Mail,
  Menu,
  ReceiptText,
  RefreshCw,
  ScrollText,
  Signature,
  SlidersHorizontal,
  SquareTerminal,
  Users,
  Webhook,
} from "lucide-react";
import type { ReactNode } from "react";
import { isRole, may, type Permission } from "#app/domain/account/roles.ts";
import { paths } from "#app/paths.ts";
import { Brand } from "./brand.tsx";
import { type Flash, FlashBanner } from "./flash-banner.tsx";
import { Main, SkipLink, TestModeBanner } from "./page-frame.tsx";
import { useMenu } from "./use-menu.ts";
import { UserMenu } from "./user-menu.tsx";

type Section = {
  to: string;
  label: string;
  Icon: LucideIcon;
  /** Shown to those who may open it; without one everybody on staff may. */
  needs?: Permission;
};

const sections: readonly Section[] = [
  { to: paths.admin.overview(), label: "Overview", Icon: LayoutDashboard },
  { to: paths.admin.licenses(), label: "Licenses", Icon: KeyRound },
  { to: paths.admin.customers(), label: "Customers", Icon: Users },
  { to: paths.admin.orders(), label: "Orders", Icon: ReceiptText },
  { to: paths.admin.subscriptions(), label: "Subscriptions", Icon: RefreshCw },
  { to: paths.admin.alerts(), label: "Alerts", Icon: CircleAlert },
  { to: paths.admin.webhookInbox(), label: "Webhooks", Icon: Webhook },
  { to: paths.admin.emails(), label: "Emails", Icon: Mail },
  { to: paths.admin.apiKeys(), label: "API keys", Icon: SquareTerminal, needs: "api-key.manage" },
  { to: paths.admin.signingKeys(), label: "Signing keys", Icon: Signature, needs: "signing-key.manage" },
  { to: paths.admin.auditLog(), label: "Audit log", Icon: ScrollText },
  { to: paths.admin.settings(), label: "Settings", Icon: SlidersHorizontal },
];

type AdminShellProps = {
  testMode: boolean;
  /** Null where nobody is known, as on an error page. */
  staff: { email: string; name: string | null; role: string } | null;
  flash?: Flash | null | undefined;
  children: ReactNode;
};

/** Around the pages of the shop's staff; denser than the rest. */
export function AdminShell({ testMode, staff, flash, children }: AdminShellProps) {
  return (
    <div className="flex min-h-dvh flex-col">
      <SkipLink />
      <TestModeBanner shown={testMode} />
      <header className="relative border-b border-line bg-surface print:hidden">
        <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-2 lg:px-6">
          <div className="flex items-center gap-3">
            {staff && <NarrowMenu role={staff.role} />}
            <Brand to={paths.admin.overview()} area="Admin" />
          </div>
          {staff && (
            <UserMenu as="staff" email={staff.email} name={staff.name} detail={`Role: ${staff.role}`} />
          )}
        </div>
      </header>
      <div className="flex grow">
        {staff && (
          <nav
            aria-label="Admin"
            className="sticky top-0 hidden max-h-dvh w-52 flex-none self-start overflow-y-auto px-3 py-6 lg:block print:hidden"
          >
            <Sections role={staff.role} />
          </nav>
        )}
        <Main className="mx-auto w-full max-w-6xl min-w-0 grow px-4 py-6 lg:px-6 lg:py-8">
          <FlashBanner flash={flash} />
          {children}
        </Main>
      </div>
    </div>
  );
}

/** The sections on a narrow screen, below the whole header so that they never cover the other menu. */
function NarrowMenu({ role }: { role: string }) {
  const menu = useMenu();
  return (
    <details ref={menu} className="lg:hidden">
      <summary className="inline-flex size-9 items-center justify-center rounded-lg border border-line-strong/60 hover:bg-sunken">
        <Menu aria-hidden="true" className="size-5" />
        <span className="sr-only">Menu</span>
      </summary>
      <nav
        aria-label="Admin"
        className="absolute inset-x-4 top-full z-20 mt-2 rounded-xl border border-line bg-surface p-2 shadow-raised"
      >
        <Sections role={role} />
      </nav>
    </details>
  );
}

function Sections({ role }: { role: string }) {
  const shown = sections.filter(({ needs }) => !needs || (isRole(role) && may(role, needs)));
  return (
    <ul className="grid gap-0.5">
      {shown.map(({ to, label, Icon }) => (
        <li key={to}>
          <NavLink
            to={to}
            end={to === paths.admin.overview()}
            className={({ isActive }) =>
              clsx(
                "flex min-h-9 items-center gap-3 rounded-lg px-3 text-sm",
                isActive
                  ? "bg-accent-soft font-semibold text-accent"
                  : "text-ink-muted hover:bg-sunken hover:text-ink",
              )
            }
          >
            <Icon aria-hidden="true" className="size-4 flex-none" />
            {label}
          </NavLink>
        </li>
      ))}
    </ul>
  );
}
