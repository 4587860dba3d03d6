import { Form, useNavigation } from "@remix-run/react";
import type { LicenseStatus } from "#app/domain/license/assess-license.ts";
import { licenseWords } from "#app/domain/license/license-words.ts";
import type { FormState } from "#app/http/form-state.ts";
import { paths } from "#app/paths.ts";
import { Button, ButtonLink } from "#app/ui/button.tsx";
import { Card } from "#app/ui/card.tsx";
import { ErrorSummary, HiddenField } from "#app/ui/field.tsx";
import { LicenseKey } from "#app/ui/license-key.tsx";
import { SubmissionToken } from "#app/ui/submission-token.tsx";

type LicenseKeyCardProps = {
  license: {
    id: string;
    status: LicenseStatus;
    subscriptionId: string | null;
    holdReasons: string[];
    maskedKey: string;
    key: string | null;
    ownerEmail: string;
  };
  /** Whether paying again would prolong it. */
  renewable: boolean;
  submission: string;
  /** What was wrong with the last try to have the key sent. */
  state: FormState | undefined;
};

/** The key, whether it is good, and what its owner can do about it. */
export function LicenseKeyCard({ license, renewable, submission, state }: LicenseKeyCardProps) {
  return (
    <Card title="License key">
      <div className="grid gap-4">
        <p>
          {licenseWords(license.status).meaning} {nextStep(license, renewable)}
        </p>
        <LicenseKey masked={license.maskedKey} full={license.key ?? undefined} />
        {license.key === null && <p>The key cannot be shown at the moment. Please contact us.</p>}
        {renewable && (
          <p className="print:hidden">
            <ButtonLink
              to={paths.portal.license(license.id, { renew: "yes" })}
              preventScrollReset
              variant={["expiring", "expired", "grace"].includes(license.status) ? "primary" : "secondary"}
            >
              Renew license
            </ButtonLink>
          </p>
        )}
        {license.status !== "revoked" && (
          <ResendKey ownerEmail={license.ownerEmail} submission={submission} state={state} />
        )}
      </div>
    </Card>
  );
}

/** What the subscription asks of its owner stands in its own card; a hold is told by its reason. */
function nextStep(license: LicenseKeyCardProps["license"], renewable: boolean): string {
  if (license.status === "suspended") return license.holdReasons.join(" ");
  if (license.status === "expired" && renewable) return "Renew it to go on with the same key.";
  const told = license.subscriptionId !== null && ["expiring", "grace", "expired"].includes(license.status);
  return told ? "" : licenseWords(license.status).next;
}

type ResendKeyProps = Pick<LicenseKeyCardProps, "submission" | "state"> & { ownerEmail: string };

function ResendKey({ ownerEmail, submission, state }: ResendKeyProps) {
  const sending = useNavigation().formData?.get("intent") === "resend";
  return (
    <Form method="post" className="grid gap-3 border-t border-line pt-4 print:hidden">
      <ErrorSummary state={state} />
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
