import { type ActionFunctionArgs, json, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { getLicenseForStaff } from "#app/domain/license/license.queries.server.ts";
import { revealKey } from "#app/domain/license/license.server.ts";
import { permissionFor, possibleActions } from "#app/domain/license/license-actions.ts";
import { shortMaskedKey } from "#app/domain/license/license-key.ts";
import { licenseWords } from "#app/domain/license/license-words.ts";
import { planName } from "#app/domain/product/plan-words.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import { redirectWithFlash } from "#app/http/flash.server.ts";
import { invalidForm, parseForm, parseQuery } from "#app/http/forms.server.ts";
import { requireStaff } from "#app/http/guards.server.ts";
import { notFound } from "#app/http/respond.server.ts";
import { paths } from "#app/paths.ts";
import { Happenings } from "#app/routes/admin/happenings.tsx";
import { LicenseDevices } from "#app/routes/admin/license-devices.tsx";
import { actionLabels, Changes, LicenseDialog } from "#app/routes/admin/license-dialog.tsx";
import { LicenseFactsCard } from "#app/routes/admin/license-facts-card.tsx";
import { act, permissionOf, refusal } from "#app/routes/admin/license-form-action.server.ts";
import { LicenseForm, LicensePageQuery } from "#app/routes/admin/license-forms.server.ts";
import { LicenseHolds } from "#app/routes/admin/license-holds.tsx";
import { ButtonLink } from "#app/ui/button.tsx";
import { ErrorSummary } from "#app/ui/error-summary.tsx";
import { LicenseStatusBadge } from "#app/ui/license-status-badge.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { useFreshWhile } from "#app/ui/use-fresh-while.ts";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data ? `License ${shortMaskedKey(data.license.maskedKey)}` : "License"} · Latchkey` },
];

export async function loader({ request, params }: LoaderFunctionArgs) {
  const staff = await requireStaff(request, "license.read");
  const now = currentTime();
  const license = await getLicenseForStaff({ licenseId: params.licenseId ?? "", now });
  if (!license) throw notFound("license");
  const { do: wanted, release, ...choice } = parseQuery(request, LicensePageQuery);
  const possible = possibleActions({
    revokedAt: license.revokedAt,
    validUntil: license.assessment.validUntil,
    heldByStaff: license.holds.some((hold) => hold.byStaff),
    hasOwner: license.customer !== null,
  });
  const actions = possible.filter((action) => staff.may(permissionFor(action)));
  return {
    license,
    actions,
    open: wanted && actions.includes(wanted) ? wanted : null,
    choice,
    now,
    mayReveal: staff.may("license.reveal-key"),
    mayRelease: staff.may("license.release-device"),
    releasing: (staff.may("license.release-device") && release) || null,
    submission: crypto.randomUUID(),
  };
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  await requireStaff(request, "license.read");
  const parsed = await parseForm(request, LicenseForm);
  // Each act has its own permission, so the form has to be read to know which one to ask for.
  const intent = parsed.ok ? parsed.value.intent : parsed.state.values.intent;
  const staff = await requireStaff(request, permissionOf(intent));
  if (!parsed.ok) return invalidForm(parsed.state);
  const { value, form } = parsed;
  const licenseId = params.licenseId ?? "";
  const now = currentTime();
  const { requestId } = context;
  try {
    if (value.intent === "reveal-key")
      return json(await revealKey({ licenseId, actor: staff.actor, now, requestId }));
    const { message } = await act(value, { licenseId, staff, now, requestId });
    return await redirectWithFlash(paths.admin.license(licenseId), message);
  } catch (error) {
    return refusal(error, form);
  }
}

export default function License() {
  const { license, actions, open, ...page } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const { status } = license.assessment;
  useFreshWhile(!open && !page.releasing && !answer && license.timeline.some(({ waiting }) => waiting));
  return (
    <>
      <PageHeader
        title={`License ${shortMaskedKey(license.maskedKey)}`}
        lead={`${planName(license.product.name, license.policy.name)}. ${licenseWords(status).meaning}`}
        badge={<LicenseStatusBadge status={status} />}
        back={{ to: paths.admin.licenses(), label: "Licenses" }}
        actions={actions.map((action) => (
          <ButtonLink
            key={action}
            to={paths.admin.license(license.id, { do: action })}
            variant={action === "revoke" ? "danger-outline" : "secondary"}
            preventScrollReset
          >
            {actionLabels[action]}
          </ButtonLink>
        ))}
      />
      {open && (
        <LicenseDialog
          key={open}
          action={open}
          license={license}
          choice={page.choice}
          now={page.now}
          submission={page.submission}
          state={answer && "form" in answer ? answer.form : undefined}
          changes={answer && "changes" in answer ? answer.changes : undefined}
        />
      )}
      {!open && !page.releasing && answer && "form" in answer && (
        <div className="mb-6 grid gap-4">
          <ErrorSummary state={answer.form} />
          {"changes" in answer && <Changes changes={answer.changes} />}
        </div>
      )}
      <div className="grid items-start gap-8 lg:grid-cols-[3fr_2fr]">
        <div className="grid min-w-0 gap-8">
          <LicenseFactsCard
            license={license}
            mayReveal={page.mayReveal}
            revealed={answer && "key" in answer ? answer.key : undefined}
          />
          {license.holds.length > 0 && <LicenseHolds holds={license.holds} />}
          <LicenseDevices
            license={license}
            now={page.now}
            mayRelease={page.mayRelease}
            releasing={page.releasing}
            submission={page.submission}
            state={answer && "form" in answer ? answer.form : undefined}
          />
        </div>
        <Happenings timeline={license.timeline} />
      </div>
    </>
  );
}
