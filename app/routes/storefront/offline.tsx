import { type ActionFunctionArgs, json, type MetaFunction } from "@remix-run/node";
import { Form, useActionData, useNavigation } from "@remix-run/react";
import { DomainError } from "#app/domain/domain-error.ts";
import { answerOfflineRequest } from "#app/domain/license-file/answer-offline-request.server.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import type { FormState } from "#app/http/form-state.ts";
import { formErrorResponse, invalidForm, parseForm } from "#app/http/forms.server.ts";
import { clientKey, consume, waitWords } from "#app/http/rate-limit.server.ts";
import { errorResponse } from "#app/http/respond.server.ts";
import { OfflineFile } from "#app/routes/storefront/offline-file.tsx";
import { OfflineForm, requestIn } from "#app/routes/storefront/offline-form.server.ts";
import { qrCode } from "#app/routes/storefront/qr-code.server.ts";
import { Button } from "#app/ui/button.tsx";
import { Card } from "#app/ui/card.tsx";
import { ErrorSummary, TextArea, TextField } from "#app/ui/field.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";

export const meta: MetaFunction = () => [
  { title: "License for a device without internet · Latchkey" },
  { name: "robots", content: "noindex" },
];

export async function action({ request, context }: ActionFunctionArgs) {
  if (request.method !== "POST")
    throw json({ message: "Send the request with the form on this page." }, { status: 405 });
  const turn = await consume("offline-request-by-client", clientKey(context.clientAddress));
  if (!turn.allowed) throw errorResponse(tooMany(turn.retryAfterSeconds));
  const parsed = await parseForm(request, OfflineForm);
  if (!parsed.ok) return invalidForm(parsed.state);
  try {
    const answer = await answerOfflineRequest({
      request: await requestIn(parsed.value.request, parsed.form),
      now: currentTime(),
      requestId: context.requestId,
    });
    const { certificate, token, expiry, productName, deviceName } = answer;
    const file = { certificate, token, expiry, productName, deviceName };
    return json({ file, fileCode: qrCode(certificate), tokenCode: qrCode(token) });
  } catch (error) {
    return formErrorResponse(error, parsed.form);
  }
}

function tooMany(retryAfterSeconds: number): DomainError {
  const words = `Too many requests came from here. Try again in ${waitWords(retryAfterSeconds)}.`;
  return new DomainError("RATE_LIMITED", words, { context: { retryAfterSeconds } });
}

export default function Offline() {
  const answer = useActionData<typeof action>();
  if (answer && "file" in answer) return <OfflineFile {...answer} />;
  return (
    <>
      <PageHeader
        title="License for a device without internet"
        lead="The app on that device shows a request. Bring it here, and take the license file back to the app."
      />
      <RequestForm state={answer?.form} />
    </>
  );
}

/** Sent as the body of a POST, so that the key in it stands in no address and no log. */
function RequestForm({ state }: { state: FormState | undefined }) {
  const pending = useNavigation().state !== "idle";
  return (
    <Card>
      <Form method="post" encType="multipart/form-data" className="grid gap-5">
        <ErrorSummary state={state} labels={{ request: "Request", requestFile: "Request as a file" }} />
        <TextArea
          label="Request"
          name="request"
          hint="Paste it, or scan the code that the app shows and put the text here. It begins with LATCHKEY-REQUEST-1."
          rows={6}
          maxLength={8_000}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          translate="no"
          className="font-mono text-sm"
          defaultValue={state?.values.request}
          error={state?.errors.request}
        />
        <TextField
          label="Request as a file (optional)"
          name="requestFile"
          type="file"
          accept=".txt,.lkreq,text/plain"
          hint="The file your app saved, when that is easier than pasting."
          error={state?.errors.requestFile}
        />
        <div>
          <Button pending={pending}>Get the license file</Button>
        </div>
        <p className="text-sm text-ink-muted">
          This gives the device one of the seats of the license. The same request again takes no further seat.
        </p>
      </Form>
    </Card>
  );
}
