import type { ReactNode } from "react";
import { paths } from "#app/paths.ts";
import { Brand } from "./brand.tsx";
import { type Flash, FlashBanner } from "./flash-banner.tsx";
import { Main, SiteNavLink, SkipLink, TestModeBanner } from "./page-frame.tsx";
import { TextLink } from "./text-link.tsx";

type ShopShellProps = {
  testMode: boolean;
  /** Whether the visitor is signed in as a customer. */
  signedIn?: boolean | undefined;
  flash?: Flash | null | undefined;
  children: ReactNode;
};

/** Around the pages a visitor sees before owning anything. */
export function ShopShell({ testMode, signedIn, flash, children }: ShopShellProps) {
  return (
    <div className="flex min-h-dvh flex-col">
      <SkipLink />
      <TestModeBanner shown={testMode} />
      <header className="border-b border-line bg-surface print:hidden">
        <div className="mx-auto flex max-w-5xl flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-2.5 sm:px-6">
          <Brand to={paths.home()} />
          <nav aria-label="Site" className="-mr-2 flex items-center">
            <SiteNavLink to={paths.home()}>Pricing</SiteNavLink>
            <SiteNavLink to={signedIn ? paths.portal.licenses() : paths.signIn()}>
              {signedIn ? "My licenses" : "Sign in"}
            </SiteNavLink>
          </nav>
        </div>
      </header>
      <Main className="mx-auto w-full max-w-5xl grow px-4 py-8 sm:px-6 sm:py-12">
        <FlashBanner flash={flash} />
        {children}
      </Main>
      <footer className="border-t border-line print:hidden">
        <div className="mx-auto flex max-w-5xl flex-wrap justify-between gap-x-6 gap-y-2 px-4 py-6 text-sm text-ink-muted sm:px-6">
          <p>Payments are handled by Stripe. Your card number never reaches this site.</p>
          <p>
            Already bought? <TextLink to={paths.signIn()}>Find my key</TextLink>
          </p>
        </div>
      </footer>
    </div>
  );
}
