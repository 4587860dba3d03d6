import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { retireSigningKey, rotateSigningKey } from "#app/domain/signing-key/change-signing-key.server.ts";
import { listSigningKeys, nextSigningKey } from "#app/domain/signing-key/signing-key.server.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import { redirectWithFlash } from "#app/http/flash.server.ts";
import { formErrorResponse, invalidForm, parseForm, parseQuery } from "#app/http/forms.server.ts";
import { requireStaff } from "#app/http/guards.server.ts";
import { paths } from "#app/paths.ts";
import { SigningKeyCard } from "#app/routes/admin/signing-key-card.tsx";
import { SigningKeyDialog } from "#app/routes/admin/signing-key-dialog.tsx";
import { SigningKeyForm, SigningKeysQuery } from "#app/routes/admin/signing-key-forms.server.ts";
import { ButtonLink } from "#app/ui/button.tsx";
import { ErrorSummary } from "#app/ui/error-summary.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";

export const meta: MetaFunction = () => [{ title: "Signing keys · Latchkey" }];

export async function loader({ request }: LoaderFunctionArgs) {
  await requireStaff(request, "signing-key.manage");
  const query = parseQuery(request, SigningKeysQuery);
  const signingKeys = await listSigningKeys();
  const retiring = signingKeys.find(
    ({ generation, state }) => generation === query.generation && state === "verify-only",
  );
  const open = query.do === "rotate" || (query.do === "retire" && retiring) ? query.do : null;
  const next = await nextSigningKey();
  return { signingKeys, next, open, retiring: retiring ?? null, submission: crypto.randomUUID() };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const { actor } = await requireStaff(request, "signing-key.manage");
  const parsed = await parseForm(request, SigningKeyForm);
  if (!parsed.ok) return invalidForm(parsed.state);
  const { value, form } = parsed;
  const by = { actor, now: currentTime(), requestId: context.requestId };
  try {
    const { message } =
      value.intent === "rotate"
        ? await rotateSigningKey({ ...by, ...value })
        : await retireSigningKey({ ...by, ...value });
    return await redirectWithFlash(paths.admin.signingKeys(), message);
  } catch (error) {
    return formErrorResponse(error, form);
  }
}

export default function SigningKeys() {
  const { signingKeys, next, open, retiring, submission } = useLoaderData<typeof loader>();
  const state = useActionData<typeof action>()?.form;
  return (
    <>
      <PageHeader
        title="Signing keys"
        lead="License files and tokens are signed, so that your app can check them without a connection. Build these public keys into the app, except those that are retired."
        actions={
          <ButtonLink to={paths.admin.signingKeys({ do: "rotate" })} variant="secondary" preventScrollReset>
            Rotate
          </ButtonLink>
        }
      />
      {open && <SigningKeyDialog key={open} retiring={retiring} submission={submission} state={state} />}
      {!open && state && (
        <div className="mb-6">
          <ErrorSummary state={state} />
        </div>
      )}
      <div className="grid gap-5">
        <SigningKeyCard signingKey={{ ...next, state: "next", createdAt: null, retiredAt: null }} />
        {signingKeys.map((signingKey) => (
          <SigningKeyCard key={signingKey.generation} signingKey={signingKey} />
        ))}
      </div>
    </>
  );
}
