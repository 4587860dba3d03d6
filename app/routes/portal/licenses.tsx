import { json, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { listLicensesForCustomer } from "#app/domain/license/portal-license.queries.server.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import { requireCustomer } from "#app/http/guards.server.ts";
import { paths } from "#app/paths.ts";
import { ButtonLink } from "#app/ui/button.tsx";
import { EmptyState } from "#app/ui/empty-state.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { LicenseCard, type ShownLicense } from "./license-card.tsx";

export async function loader({ request }: LoaderFunctionArgs) {
  const customer = await requireCustomer(request);
  const licenses = await listLicensesForCustomer({ customerId: customer.id, now: currentTime() });
  return json({ licenses, email: customer.email });
}

export const meta: MetaFunction = () => [{ title: "My licenses · Latchkey" }];

export default function Licenses() {
  const { licenses, email } = useLoaderData<typeof loader>();
  const past = licenses.filter(isPast);
  const current = licenses.filter((license) => !isPast(license));
  return (
    <>
      <PageHeader title="My licenses" lead={`Everything bought with ${email}.`} />
      {licenses.length === 0 ? (
        <EmptyState
          title="No licenses yet"
          action={<ButtonLink to={paths.home()}>See plans and prices</ButtonLink>}
        >
          <p>
            What you buy with this address appears here. Bought with another address? Sign out and sign in
            with that one.
          </p>
        </EmptyState>
      ) : (
        <div className="grid gap-10">
          {current.length > 0 ? (
            <CardList licenses={current} />
          ) : (
            <EmptyState
              title="No license in use"
              action={<ButtonLink to={paths.home()}>See plans and prices</ButtonLink>}
            >
              <p>All your licenses have ended.</p>
            </EmptyState>
          )}
          {past.length > 0 && (
            <section aria-labelledby="past" className="grid gap-4">
              <h2 id="past" className="text-lg font-semibold">
                Ended licenses
              </h2>
              <CardList licenses={past} headingLevel={3} />
            </section>
          )}
        </div>
      )}
    </>
  );
}

function CardList({ licenses, headingLevel }: { licenses: ShownLicense[]; headingLevel?: 3 }) {
  return (
    <ul className="grid gap-5">
      {licenses.map((license) => (
        <li key={license.id} className="grid min-w-0">
          <LicenseCard license={license} headingLevel={headingLevel ?? 2} />
        </li>
      ))}
    </ul>
  );
}

function isPast({ status }: ShownLicense): boolean {
  return status === "expired" || status === "revoked";
}
