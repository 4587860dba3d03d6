import { type ActionFunctionArgs, json, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { getListedApiKey, listApiKeyPage } from "#app/domain/api-key/api-key.queries.server.ts";
import { revokeApiKey } from "#app/domain/api-key/api-key.server.ts";
import {
  createApiKeyOnce,
  type Outcome,
  rotateApiKeyOnce,
} from "#app/domain/api-key/submit-api-key.server.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import { redirectWithFlash } from "#app/http/flash.server.ts";
import { formErrorResponse, invalidForm, parseForm, parseQuery } from "#app/http/forms.server.ts";
import { requireStaff } from "#app/http/guards.server.ts";
import { paths } from "#app/paths.ts";
import { ApiKeyDialog } from "#app/routes/admin/api-key-dialog.tsx";
import { ApiKeyForm, ApiKeysQuery, tickedScopes } from "#app/routes/admin/api-key-forms.server.ts";
import { ApiKeysTable, canBe } from "#app/routes/admin/api-keys-table.tsx";
import { MadeApiKey } from "#app/routes/admin/made-api-key.tsx";
import { Banner } from "#app/ui/banner.tsx";
import { ButtonLink } from "#app/ui/button.tsx";
import { EmptyState } from "#app/ui/empty-state.tsx";
import { ErrorSummary } from "#app/ui/error-summary.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { Pager } from "#app/ui/pager.tsx";
import { TextLink } from "#app/ui/text-link.tsx";

export const meta: MetaFunction = () => [{ title: "API keys · Latchkey" }];

export async function loader({ request }: LoaderFunctionArgs) {
  await requireStaff(request, "api-key.manage");
  const now = currentTime();
  const { do: wanted, id, after, before } = parseQuery(request, ApiKeysQuery);
  const page = await listApiKeyPage({ now, after, before });
  const about = id !== undefined && wanted !== "create" ? await getListedApiKey(id, now) : null;
  return {
    apiKeys: page.rows,
    open: wanted === "create" || (wanted && about && canBe(wanted, about.state)) ? wanted : null,
    about,
    submission: crypto.randomUUID(),
    previous: page.previous && paths.admin.apiKeys({ before: page.previous }),
    next: page.next && paths.admin.apiKeys({ after: page.next }),
  };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const { actor } = await requireStaff(request, "api-key.manage");
  const parsed = await parseForm(request, ApiKeyForm);
  if (!parsed.ok) return invalidForm(parsed.state);
  const { value, form } = parsed;
  const by = { actor, createdBy: actor.label, now: currentTime(), requestId: context.requestId };
  try {
    switch (value.intent) {
      case "create": {
        const { submission, name, expiresAt = null } = value;
        const wanted = { submission, name, expiresAt, scopes: tickedScopes(value) };
        return shownOnce(await createApiKeyOnce({ ...by, ...wanted }));
      }
      case "rotate":
        return shownOnce(await rotateApiKeyOnce({ ...by, ...value, id: value.apiKeyId }));
      case "revoke": {
        const { name } = await revokeApiKey({ ...by, id: value.apiKeyId });
        return await redirectWithFlash(paths.admin.apiKeys(), `API key ${name} revoked.`);
      }
    }
  } catch (error) {
    return formErrorResponse(error, form);
  }
}

/** The key is in the answer to the form and nowhere else: no address, no cookie, no second answer. */
function shownOnce(outcome: Outcome) {
  if ("said" in outcome) return json(outcome);
  const { key, record } = outcome.made;
  return json({ made: { key, name: record.name } });
}

export default function ApiKeys() {
  const { apiKeys, open, about, submission, previous, next } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  if (answer && "made" in answer) return <MadeApiKey made={answer.made} />;
  const state = answer && "form" in answer ? answer.form : undefined;
  const said = answer && "said" in answer ? answer.said : null;
  const create = <ButtonLink to={paths.admin.apiKeys({ do: "create" })}>Create API key</ButtonLink>;
  const empty = apiKeys.length === 0 && !previous && !next;
  return (
    <>
      <PageHeader
        title="API keys"
        lead={
          <>
            For programs that call the license server: a back end that issues licenses, a script, another
            system. <TextLink to={paths.apiReference()}>License API</TextLink>
          </>
        }
        actions={empty ? null : create}
      />
      {said !== null && (
        <div className="mb-6">
          <Banner tone="warning" role="status" title={said}>
            If the key was not stored, revoke it and create another one.
          </Banner>
        </div>
      )}
      {open && said === null && (
        <ApiKeyDialog key={open} action={open} about={about} submission={submission} state={state} />
      )}
      {!open && state && (
        <div className="mb-6">
          <ErrorSummary state={state} />
        </div>
      )}
      {empty ? (
        <EmptyState title="No API keys yet" action={create}>
          The app you sell needs none. Your own programs do when they create, read or change licenses.
        </EmptyState>
      ) : (
        <ApiKeysTable apiKeys={apiKeys} />
      )}
      <Pager previous={previous ?? undefined} next={next ?? undefined} label="Pages of API keys" />
    </>
  );
}
