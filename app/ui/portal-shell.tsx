import type { ReactNode } from "react";
import { paths } from "#app/paths.ts";
import { Brand } from "./brand.tsx";
import { type Flash, FlashBanner } from "./flash-banner.tsx";
import { Main, SiteNavLink, SkipLink, TestModeBanner } from "./page-frame.tsx";
import { UserMenu } from "./user-menu.tsx";

type PortalShellProps = {
  testMode: boolean;
  /** Null where nobody is known, as on an error page. */
  customer: { email: string; name: string | null } | null;
  flash?: Flash | null | undefined;
  children: ReactNode;
};

/** Around the pages of a signed-in customer. */
export function PortalShell({ testMode, customer, flash, children }: PortalShellProps) {
  return (
    <div className="flex min-h-dvh flex-col">
      <SkipLink />
      <TestModeBanner shown={testMode} />
      <header className="border-b border-line bg-surface print:hidden">
        <div className="mx-auto flex max-w-4xl flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-2.5 sm:px-6">
          <Brand to={paths.portal.licenses()} />
          <div className="-mr-2 flex flex-wrap items-center gap-1">
            <nav aria-label="Portal" className="flex items-center">
              <span className="max-[23rem]:hidden">
                <SiteNavLink to={paths.home()}>Pricing</SiteNavLink>
              </span>
              <SiteNavLink to={paths.portal.licenses()}>My licenses</SiteNavLink>
            </nav>
            {customer && <UserMenu as="customer" email={customer.email} name={customer.name} />}
          </div>
        </div>
      </header>
      <Main className="mx-auto w-full max-w-4xl grow px-4 py-8 sm:px-6 sm:py-10">
        <FlashBanner flash={flash} />
        {children}
      </Main>
    </div>
  );
}
