import {
  createApiKey,
  type MadeApiKey,
  type NewApiKey,
  rotateApiKey,
} from "#app/domain/api-key/api-key.server.ts";
import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { claimSubmission } from "#app/domain/submission.server.ts";
import { inTransaction } from "#app/infra/db.server.ts";

/** A form of staff; the same token again is the same form sent twice. */
type Submitted = { submission: string; actor: Actor & { type: "staff" } };
/** A key is shown once: to a form that was sent before it is only said that it was. */
export type Outcome = { made: MadeApiKey } | { said: string };

/**
 * `createApiKey` for a form: sent again (double click, reload) it makes no second key.
 * @throws DomainError as `createApiKey`; the form may then be sent again with the same token.
 */
export function createApiKeyOnce(request: NewApiKey & Submitted): Promise<Outcome> {
  return once(
    request,
    `The API key ${request.name} was already created. It was shown once and cannot be shown again.`,
    () => createApiKey(request),
  );
}

/**
 * `rotateApiKey` for a form, like `createApiKeyOnce`.
 * @throws DomainError as `rotateApiKey`
 */
export function rotateApiKeyOnce(request: Parameters<typeof rotateApiKey>[0] & Submitted): Promise<Outcome> {
  return once(
    request,
    "This API key was already rotated. The new key was shown once and cannot be shown again.",
    () => rotateApiKey(request),
  );
}

function once(
  { submission, actor, now }: Submitted & { now: Date },
  message: string,
  make: () => Promise<MadeApiKey>,
): Promise<Outcome> {
  return inTransaction(async (tx) => {
    const said = await claimSubmission(tx, { token: submission, actorId: actor.id, message, now });
    return said === null ? { made: await make() } : { said };
  });
}
