import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Outlet, useLoaderData, useRouteLoaderData } from "@remix-run/react";
import { requireStaff } from "#app/http/guards.server.ts";
import { layoutResponse } from "#app/http/layout.server.ts";
import { paths } from "#app/paths.ts";
import { errorTitle, RouteErrorPage } from "#app/routes/route-error-page.tsx";
import { AdminShell } from "#app/ui/admin-shell.tsx";

export { headers } from "#app/http/retry-after.ts";

export const meta: MetaFunction = ({ error }) => [{ title: error ? errorTitle(error) : "Latchkey" }];

/** Fills the frame and guards nothing but it: every page below names the permission it needs. */
export async function loader({ request }: LoaderFunctionArgs) {
  const { email, name, role } = await requireStaff(request, "license.read");
  return layoutResponse(request, { staff: { email, name, role } });
}

export default function AdminLayout() {
  const { testMode, staff, flash } = useLoaderData<typeof loader>();
  return (
    <AdminShell testMode={testMode} staff={staff} flash={flash}>
      <Outlet />
    </AdminShell>
  );
}

export function ErrorBoundary() {
  const found = useRouteLoaderData<typeof loader>("routes/admin/layout");
  return (
    <AdminShell testMode={found?.testMode ?? false} staff={found?.staff ?? null}>
      <RouteErrorPage back={{ to: paths.admin.overview(), label: "Go to the overview" }} />
    </AdminShell>
  );
}
