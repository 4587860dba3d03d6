import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Outlet, useLoaderData, useRouteLoaderData } from "@remix-run/react";
import { getCustomer } from "#app/http/guards.server.ts";
import { layoutResponse } from "#app/http/layout.server.ts";
import { errorTitle, RouteErrorPage } from "#app/routes/route-error-page.tsx";
import { ShopShell } from "#app/ui/shop-shell.tsx";

export { headers } from "#app/http/retry-after.ts";

export const meta: MetaFunction = ({ error }) => [{ title: error ? errorTitle(error) : "Latchkey" }];

export async function loader({ request }: LoaderFunctionArgs) {
  const customer = await getCustomer(request);
  return layoutResponse(request, { signedIn: customer !== null });
}

export default function StorefrontLayout() {
  const { testMode, signedIn, flash } = useLoaderData<typeof loader>();
  return (
    <ShopShell testMode={testMode} signedIn={signedIn} flash={flash}>
      <Outlet />
    </ShopShell>
  );
}

export function ErrorBoundary() {
  const found = useRouteLoaderData<typeof loader>("routes/storefront/layout");
  return (
    <ShopShell testMode={found?.testMode ?? false} signedIn={found?.signedIn}>
      <RouteErrorPage />
    </ShopShell>
  );
}
