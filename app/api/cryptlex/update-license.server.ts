import { z } from "zod";
import { intervalName, licenseAnswer } from "#app/api/cryptlex/answers.ts";
import { allowedActivations, intervalText, metadata } from "#app/api/cryptlex/fields.server.ts";
import { requireLicense } from "#app/api/cryptlex/licenses.server.ts";
import { requireUser } from "#app/api/cryptlex/users.server.ts";
import { type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { Problem } from "#app/api/problem.ts";
import { programAct } from "#app/api/program-act.ts";
import {
  assign,
  changeDeviceLimit,
  changeMetadata,
  type ManagedChange,
  reinstate,
  revoke,
  suspend,
} from "#app/domain/license/manage-license.server.ts";
import type { ManagedLicense } from "#app/domain/license/managed-license.ts";
import { withLockedLicense } from "#app/domain/license/update-license.server.ts";

const Changes = z
  .object({
    revoked: z.boolean(),
    suspended: z.boolean(),
    allowedActivations,
    metadata,
    subscriptionInterval: intervalText,
    userId: z.string().trim().min(1).max(128),
  })
  .partial();
type Changes = z.output<typeof Changes>;

const update = endpoint({
  method: "PATCH",
  path: "/v3/licenses/:id",
  access: "licenses:write",
  summary: "Revoke, suspend or change a license: all that is named, or nothing",
  params: z.object({ id: z.string().trim().min(1).max(128) }),
  body: Changes.refine((changes) => Object.keys(changes).length > 0, {
    error: `Send at least one of ${Object.keys(Changes.shape).join(", ")}.`,
  }),
  writes: true,
  async handle(call) {
    const { id: licenseId } = await requireLicense(call);
    const change = { ...programAct(call), licenseId };
    const license = await withLockedLicense(change, (found) => {
      refuseRevival(found, call.body);
      return apply(change, found, call.body);
    });
    return { status: 200, body: licenseAnswer(license) };
  },
});

function refuseRevival({ revokedAt }: ManagedLicense, { revoked }: Changes): void {
  if (revokedAt && revoked === false)
    throw new Problem(
      "conflict",
      "A revocation is final here. Create a new license; to withdraw one for a while, use suspended.",
    );
}

/** A revocation comes last, because nothing else can be changed after it. */
async function apply(
  change: ManagedChange,
  found: ManagedLicense,
  changes: Changes,
): Promise<ManagedLicense> {
  let license = found;
  const { suspended, allowedActivations: limit } = changes;
  if (changes.userId !== undefined)
    license = await assign({ ...change, email: (await requireUser(changes.userId)).email });
  if (limit !== undefined) license = await changeDeviceLimit({ ...change, deviceLimit: limit || null });
  if (changes.metadata !== undefined || changes.subscriptionInterval !== undefined)
    license = await changeMetadata({ ...change, metadata: metadataAfter(found, changes) });
  if (suspended !== undefined) license = await (suspended ? suspend(change) : reinstate(change));
  if (changes.revoked) license = await revoke(change);
  return license;
}

/** Their list replaces the one before; the interval is kept among it and changes on its own. */
function metadataAfter({ metadata: before }: ManagedLicense, changes: Changes): Record<string, string> {
  const { [intervalName]: known, ...others } = before;
  const interval = changes.subscriptionInterval ?? known;
  return { ...(changes.metadata ?? others), ...(interval && { [intervalName]: interval }) };
}

/** Changes of the fields of a license. */
export const licenseUpdates: readonly Endpoint[] = [update];
