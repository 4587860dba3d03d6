import type { LinksFunction, MetaFunction } from "@remix-run/node";
import { Links, Meta, Outlet, Scripts, ScrollRestoration } from "@remix-run/react";
import type { ReactNode } from "react";
import { requestIdMeta, usePageRequest } from "#app/http/page-request.tsx";
import { errorTitle, RouteErrorPage } from "#app/routes/route-error-page.tsx";
import { ProgressLine } from "#app/ui/progress-line.tsx";
import { RouteAnnouncer } from "#app/ui/route-announcer.tsx";
import { ShopShell } from "#app/ui/shop-shell.tsx";
import "./app.css";

export { headers } from "#app/http/retry-after.ts";

export const links: LinksFunction = () => [{ rel: "icon", href: "/favicon.svg", type: "image/svg+xml" }];

export const meta: MetaFunction = ({ error }) => [{ title: error ? errorTitle(error) : "Latchkey" }];

export function Layout({ children }: { children: ReactNode }) {
  const { nonce, requestId } = usePageRequest();
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        {requestId && <meta name={requestIdMeta} content={requestId} />}
        <Meta />
        <Links />
      </head>
      <body>
        <ProgressLine />
        {children}
        <RouteAnnouncer />
        <ScrollRestoration {...(nonce && { nonce })} />
        <Scripts {...(nonce && { nonce })} />
      </body>
    </html>
  );
}

export default function App() {
  return <Outlet />;
}

export function ErrorBoundary() {
  return (
    <ShopShell testMode={false}>
      <RouteErrorPage />
    </ShopShell>
  );
}
