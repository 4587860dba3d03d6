import { Form, useNavigation } from "@remix-run/react";
import type { FormState } from "#app/http/form-state.ts";
import { paths } from "#app/paths.ts";
import type { ShownSigningKey } from "#app/routes/admin/signing-key-card.tsx";
import { Button, ButtonLink } from "#app/ui/button.tsx";
import { Dialog } from "#app/ui/dialog.tsx";
import { ErrorSummary, HiddenField } from "#app/ui/field.tsx";
import { SubmissionToken } from "#app/ui/submission-token.tsx";

type SigningKeyDialogProps = {
  /** The key to retire; null to rotate. */
  retiring: ShownSigningKey | null;
  submission: string;
  /** What was wrong with the last try. */
  state: FormState | undefined;
};

/** Asks before a rotation or a retirement; which of the two is open is in the address. */
export function SigningKeyDialog({ retiring, submission, state }: SigningKeyDialogProps) {
  const intent = retiring ? "retire" : "rotate";
  const navigation = useNavigation();
  return (
    <Dialog
      title={retiring ? `Retire key ${retiring.keyId}?` : "Rotate the signing key?"}
      closeTo={paths.admin.signingKeys()}
    >
      <div className="grid gap-5">
        <ErrorSummary state={state} />
        <Form method="post" className="grid gap-5" preventScrollReset>
          <HiddenField name="intent" value={intent} />
          {retiring && <HiddenField name="generation" value={retiring.generation} />}
          <SubmissionToken token={submission} />
          {retiring ? <RetireWords /> : <RotateWords />}
          <div className="flex flex-wrap gap-2">
            <Button
              variant={retiring ? "danger" : "primary"}
              pending={navigation.formData?.get("intent") === intent}
            >
              {retiring ? "Retire key" : "Rotate key"}
            </Button>
            <ButtonLink to={paths.admin.signingKeys()} variant="quiet" preventScrollReset>
              Cancel
            </ButtonLink>
          </div>
        </Form>
      </div>
    </Dialog>
  );
}

function RotateWords() {
  return (
    <div className="grid gap-3">
      <p>
        A new key signs every file and token from now on. The present one becomes verify-only: what it signed
        stays good.
      </p>
      <p>
        <strong>Copies of your app that do not know the next key refuse new files.</strong> Ship an update
        with both public keys first: the next one is on this page.
      </p>
    </div>
  );
}

function RetireWords() {
  return (
    <div className="grid gap-3">
      <p>
        <strong>This is final.</strong> The key is no longer in the list of public keys, and apps that fetch
        the list refuse every file it signed.
      </p>
      <p>
        Retire it when the last file it signed has expired, or at once when somebody else may know the master
        key. Then take it out of the app as well.
      </p>
    </div>
  );
}
