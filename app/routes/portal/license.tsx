import { type ActionFunctionArgs, json, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { listOwnDevices } from "#app/domain/activation/own-devices.queries.server.ts";
import { hasBillingAccount, noteBackFromBilling } from "#app/domain/checkout/open-billing-portal.server.ts";
import { getRenewalOffer } from "#app/domain/checkout/start-renewal.server.ts";
import { getLicenseForCustomer } from "#app/domain/license/portal-license.queries.server.ts";
import { getSubscriptionForCustomer } from "#app/domain/subscription/portal-subscription.queries.server.ts";
import { statusBeside } from "#app/domain/subscription/portal-subscription.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import { redirectWithFlash } from "#app/http/flash.server.ts";
import type { FormState } from "#app/http/form-state.ts";
import { invalidForm, parseForm } from "#app/http/forms.server.ts";
import { requireCustomer } from "#app/http/guards.server.ts";
import { notFound } from "#app/http/respond.server.ts";
import { paths } from "#app/paths.ts";
import { Card } from "#app/ui/card.tsx";
import { ErrorSummary } from "#app/ui/field.tsx";
import { LicenseStatusBadge } from "#app/ui/license-status-badge.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { Timeline } from "#app/ui/timeline.tsx";
import { LicenseDetails } from "./license-details.tsx";
import { LicenseDevices } from "./license-devices.tsx";
import { actOnLicense } from "./license-form-action.server.ts";
import { PortalLicenseForm } from "./license-forms.server.ts";
import { LicenseKeyCard } from "./license-key-card.tsx";
import { RenewalDialog } from "./license-renewal.tsx";
import { BillingButton, LicenseSubscription } from "./license-subscription.tsx";

export async function loader({ request, params }: LoaderFunctionArgs) {
  const customer = await requireCustomer(request);
  const about = { licenseId: params.licenseId ?? "", customerId: customer.id, now: currentTime() };
  const license = await getLicenseForCustomer(about);
  if (!license) throw notFound("license");
  const query = new URL(request.url).searchParams;
  if (query.get("back") === "billing") throw await backFromBilling(about);
  const [devices, subscription, renewal, hasBilling] = await Promise.all([
    listOwnDevices(about),
    getSubscriptionForCustomer(about),
    getRenewalOffer(about),
    hasBillingAccount(customer.id),
  ]);
  return json({
    license: { ...license, status: statusBeside(license.status, subscription) },
    devices,
    releasing: query.get("release"),
    subscription,
    renewal,
    asksToRenew: query.has("renew"),
    hasBilling: hasBilling && license.orderNumber !== null,
    submission: crypto.randomUUID(),
  });
}

/** Stripe's billing pages lead here: what was changed there shows at once, and a reload asks nobody again. */
async function backFromBilling(about: { licenseId: string; customerId: string; now: Date }) {
  const inStep = await noteBackFromBilling(about);
  return redirectWithFlash(
    paths.portal.license(about.licenseId),
    inStep
      ? "This is your license after your visit to the billing pages."
      : "Changes you made on the billing pages show here within a few minutes.",
  );
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const customer = await requireCustomer(request);
  const licenseId = params.licenseId ?? "";
  const now = currentTime();
  // A stranger's license is unknown here, whatever the form says.
  if (!(await getLicenseForCustomer({ licenseId, customerId: customer.id, now }))) throw notFound("license");
  const parsed = await parseForm(request, PortalLicenseForm);
  if (!parsed.ok) return invalidForm(parsed.state);
  return actOnLicense(request, { licenseId, customer, now, requestId: context.requestId }, parsed);
}

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data ? data.license.productName : "License"} · Latchkey` },
];

/** Which form of the page a refusal is about; one that is none of ours is told beside the first. */
function formOf(state: FormState | undefined): string {
  const intent = state?.values.intent ?? "";
  return ["billing", "renew", "release-device"].includes(intent) ? intent : "resend";
}

const receipts = { flow: "manage" as const, label: "Invoices and receipts", primary: false };

export default function License() {
  const { license, devices, subscription, renewal, asksToRenew, ...page } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const refused = (form: string): FormState | undefined =>
    formOf(answer?.form) === form ? answer?.form : undefined;
  const closeTo = paths.portal.license(license.id);
  return (
    <>
      <PageHeader
        title={license.productName}
        lead={license.policyName}
        badge={<LicenseStatusBadge status={license.status} />}
        back={{ to: paths.portal.licenses(), label: "My licenses" }}
      />
      <div className="grid gap-6 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)] lg:items-start">
        <div className="grid gap-6">
          <LicenseKeyCard
            license={license}
            renewable={renewal?.ok === true}
            submission={page.submission}
            state={refused("resend")}
          />
          {devices && (
            <LicenseDevices
              licenseId={license.id}
              shown={devices}
              releasing={page.releasing}
              state={refused("release-device")}
            />
          )}
          {subscription && <LicenseSubscription subscription={subscription} state={refused("billing")} />}
          <LicenseDetails license={license} />
          {!subscription && page.hasBilling && (
            <Card title="Billing">
              <div className="grid gap-4">
                <ErrorSummary state={refused("billing")} />
                <p>Invoices and receipts of your purchases are on Stripe’s pages.</p>
                <BillingButton action={receipts} />
              </div>
            </Card>
          )}
        </div>
        <Card title="History">
          {license.history.length > 0 ? <Timeline entries={license.history} /> : <p>Nothing yet.</p>}
        </Card>
      </div>
      {renewal && (asksToRenew || refused("renew")) && (
        <RenewalDialog offer={renewal} ends={license.ends} closeTo={closeTo} state={refused("renew")} />
      )}
    </>
  );
}
