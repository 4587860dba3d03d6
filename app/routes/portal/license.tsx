import { type ActionFunctionArgs, json, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { resendLicenseToOwner } from "#app/domain/license/license.server.ts";
import { licenseWords } from "#app/domain/license/license-words.ts";
import { getLicenseForCustomer } from "#app/domain/license/portal-license.queries.server.ts";
import { entitlementWords } from "#app/domain/product/plan-words.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import { redirectWithFlash } from "#app/http/flash.server.ts";
import { formErrorResponse, invalidForm, parseForm } from "#app/http/forms.server.ts";
import { requireCustomer } from "#app/http/guards.server.ts";
import { notFound } from "#app/http/respond.server.ts";
import { paths } from "#app/paths.ts";
import { Button } from "#app/ui/button.tsx";
import { Card } from "#app/ui/card.tsx";
import { Fact, Facts } from "#app/ui/facts.tsx";
import { ErrorSummary, HiddenField } from "#app/ui/field.tsx";
import { LicenseKey } from "#app/ui/license-key.tsx";
import { LicenseStatusBadge } from "#app/ui/license-status-badge.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { SubmissionToken } from "#app/ui/submission-token.tsx";
import { Time } from "#app/ui/time.tsx";
import { Timeline } from "#app/ui/timeline.tsx";
import { deviceUse } from "./license-card.tsx";
import { ResendForm } from "./license-forms.server.ts";

export async function loader({ request, params }: LoaderFunctionArgs) {
  const customer = await requireCustomer(request);
  const license = await getLicenseForCustomer({
    licenseId: params.licenseId ?? "",
    customerId: customer.id,
    now: currentTime(),
  });
  if (!license) throw notFound("license");
  return json({ license, submission: crypto.randomUUID() });
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const customer = await requireCustomer(request);
  const licenseId = params.licenseId ?? "";
  const now = currentTime();
  // A stranger's license is unknown here, whatever the form says.
  if (!(await getLicenseForCustomer({ licenseId, customerId: customer.id, now }))) throw notFound("license");
  const parsed = await parseForm(request, ResendForm);
  if (!parsed.ok) return invalidForm(parsed.state);
  try {
    const { message } = await resendLicenseToOwner({
      licenseId,
      customerId: customer.id,
      actor: customer.actor,
      submission: parsed.value.submission,
      now,
      requestId: context.requestId,
    });
    return await redirectWithFlash(paths.portal.license(licenseId), message);
  } catch (error) {
    return formErrorResponse(error, parsed.form);
  }
}

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data ? data.license.productName : "License"} · Latchkey` },
];

export default function License() {
  const { license } = useLoaderData<typeof loader>();
  const words = licenseWords(license.status);
  const entitlements = entitlementWords(license.entitlements);
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
          <Card title="License key">
            <div className="grid gap-4">
              <p>
                {words.meaning} {words.next}
              </p>
              <LicenseKey masked={license.maskedKey} full={license.key ?? undefined} />
              {license.key === null && <p>The key cannot be shown at the moment. Please contact us.</p>}
              {license.status !== "revoked" && <ResendKey ownerEmail={license.ownerEmail} />}
            </div>
          </Card>
          <Card title="Details">
            <Facts>
              <Fact label="Term">{license.ends}</Fact>
              <Fact label="Devices">{deviceUse(license)}</Fact>
              <Fact label="Updates">
                {license.updatesUntil ? (
                  <>
                    Included until <Time at={license.updatesUntil} dateOnly />
                  </>
                ) : (
                  "All included"
                )}
              </Fact>
              {entitlements.length > 0 && (
                <Fact label="Includes">
                  <ul>
                    {entitlements.map((entitlement) => (
                      <li key={entitlement}>{entitlement}</li>
                    ))}
                  </ul>
                </Fact>
              )}
              <Fact label="Issued">
                <Time at={license.issuedAt} dateOnly />
              </Fact>
              {license.orderNumber !== null && <Fact label="Order">#{license.orderNumber}</Fact>}
            </Facts>
          </Card>
        </div>
        <Card title="History">
          {license.history.length > 0 ? <Timeline entries={license.history} /> : <p>Nothing yet.</p>}
        </Card>
      </div>
    </>
  );
}

function ResendKey({ ownerEmail }: { ownerEmail: string }) {
  const { submission } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const sending = useNavigation().formData?.get("intent") === "resend";
  return (
    <Form method="post" className="grid gap-3 border-t border-line pt-4 print:hidden">
      <ErrorSummary state={answer?.form} />
      <HiddenField name="intent" value="resend" />
      <SubmissionToken token={submission} />
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Button variant="secondary" pending={sending}>
          Send the key again
        </Button>
        <p className="text-sm text-ink-muted wrap-anywhere">To {ownerEmail}</p>
      </div>
    </Form>
  );
}
