import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Outlet, useLoaderData, useRouteLoaderData } from "@remix-run/react";
import { requireCustomer } from "#app/http/guards.server.ts";
import { layoutResponse } from "#app/http/layout.server.ts";
import { paths } from "#app/paths.ts";
import { errorTitle, RouteErrorPage } from "#app/routes/route-error-page.tsx";
import { PortalShell } from "#app/ui/portal-shell.tsx";

export { headers } from "#app/http/retry-after.ts";

export const meta: MetaFunction = ({ error }) => [{ title: error ? errorTitle(error) : "Latchkey" }];

/** Fills the frame and guards nothing but it: every page below asks for its own customer. */
export async function loader({ request }: LoaderFunctionArgs) {
  const { email, name } = await requireCustomer(request);
  return layoutResponse(request, { customer: { email, name } });
}

export default function PortalLayout() {
  const { testMode, customer, flash } = useLoaderData<typeof loader>();
  return (
    <PortalShell testMode={testMode} customer={customer} flash={flash}>
      <Outlet />
    </PortalShell>
  );
}

export function ErrorBoundary() {
  const found = useRouteLoaderData<typeof loader>("routes/portal/layout");
  return (
    <PortalShell testMode={found?.testMode ?? false} customer={found?.customer ?? null}>
      <RouteErrorPage back={{ to: paths.portal.licenses(), label: "Go to my licenses" }} />
    </PortalShell>
  );
}
