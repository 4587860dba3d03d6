import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { listPoliciesToIssue } from "#app/domain/license/issue-options.queries.server.ts";
import { issueLicenseByHand } from "#app/domain/license/license.server.ts";
import { planName, spanWords } from "#app/domain/product/plan-words.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import { redirectWithFlash } from "#app/http/flash.server.ts";
import { formErrorResponse, invalidForm, parseForm, parseQuery } from "#app/http/forms.server.ts";
import { requireStaff } from "#app/http/guards.server.ts";
import { paths } from "#app/paths.ts";
import { IssueForm, NewLicenseQuery } from "#app/routes/admin/license-forms.server.ts";
import { Button, ButtonLink } from "#app/ui/button.tsx";
import { Card } from "#app/ui/card.tsx";
import { EmptyState } from "#app/ui/empty-state.tsx";
import { ErrorSummary, SelectField, TextArea, TextField } from "#app/ui/field.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { SubmissionToken } from "#app/ui/submission-token.tsx";

export const meta: MetaFunction = () => [{ title: "Issue a license · Latchkey" }];

export async function loader({ request }: LoaderFunctionArgs) {
  await requireStaff(request, "license.issue");
  const { email } = parseQuery(request, NewLicenseQuery);
  return { email: email ?? "", policies: await listPoliciesToIssue(), submission: crypto.randomUUID() };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const staff = await requireStaff(request, "license.issue");
  const parsed = await parseForm(request, IssueForm);
  if (!parsed.ok) return invalidForm(parsed.state);
  try {
    const { message, orderId, licenseIds } = await issueLicenseByHand({
      ...parsed.value,
      actor: staff.actor,
      now: currentTime(),
      requestId: context.requestId,
    });
    const [only, another] = licenseIds;
    const one = only && !another ? paths.admin.license(only) : null;
    const whole = orderId ? paths.admin.order(orderId) : paths.admin.licenses();
    return await redirectWithFlash(one ?? whole, message);
  } catch (error) {
    return formErrorResponse(error, parsed.form);
  }
}

type Policy = { id: string; productName: string; name: string; term: string; termDays: number | null };

function policyLabel({ productName, name, term, termDays }: Policy): string {
  const lasts =
    term === "perpetual" ? "never ends" : term === "days" ? spanWords(termDays ?? 0) : "choose a last day";
  return `${planName(productName, name)} (${lasts})`;
}

export default function NewLicense() {
  const { email, policies, submission } = useLoaderData<typeof loader>();
  const state = useActionData<typeof action>()?.form;
  const navigation = useNavigation();
  const values = state?.values ?? {};
  const errors = state?.errors ?? {};
  return (
    <>
      <PageHeader
        title="Issue a license"
        lead="For a gift, a replacement or a sale made elsewhere. The customer gets the key by email."
        back={{ to: paths.admin.licenses(), label: "Licenses" }}
      />
      {policies.length === 0 ? (
        <EmptyState title="Nothing to issue">
          The catalog has no policy. Apply one with “npm run catalog -- apply FILE”, then come back.
        </EmptyState>
      ) : (
        <Card className="max-w-2xl">
          <Form method="post" className="grid gap-5">
            <ErrorSummary state={state} />
            <SubmissionToken token={submission} />
            <TextField
              label="Address of the customer"
              name="email"
              type="email"
              autoComplete="off"
              maxLength={254}
              required
              error={errors.email}
              defaultValue={values.email ?? email}
            />
            <TextField
              label="Name (optional)"
              name="name"
              autoComplete="off"
              maxLength={200}
              hint="Kept only when no name is known for this address."
              error={errors.name}
              defaultValue={values.name}
            />
            <SelectField
              label="Policy"
              name="policyId"
              required
              options={policies.map((policy) => ({ value: policy.id, label: policyLabel(policy) }))}
              error={errors.policyId}
              defaultValue={values.policyId}
            />
            <TextField
              label="Last day (optional)"
              name="validUntil"
              type="date"
              hint="Leave empty for the policy’s own term. The license works to the end of this day in UTC."
              error={errors.validUntil}
              defaultValue={values.validUntil}
            />
            <TextField
              label="Quantity"
              name="quantity"
              inputMode="numeric"
              hint="From 1 to 20. A policy that sells devices gives one license with that many times its devices."
              required
              error={errors.quantity}
              defaultValue={values.quantity ?? "1"}
            />
            <TextArea
              label="Reason"
              name="reason"
              hint="Kept in the audit log. The customer does not see it."
              required
              maxLength={500}
              rows={2}
              error={errors.reason}
              defaultValue={values.reason}
            />
            <div className="flex flex-wrap gap-2">
              <Button pending={navigation.formMethod === "POST"}>Issue license</Button>
              <ButtonLink to={paths.admin.licenses()} variant="quiet">
                Cancel
              </ButtonLink>
            </div>
          </Form>
        </Card>
      )}
    </>
  );
}
