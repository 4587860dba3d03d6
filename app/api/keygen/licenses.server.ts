import { z } from "zod";
import { type Call, type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { entitlementResources } from "#app/api/keygen/entitlements.server.ts";
import { requireHolder, requireKey, requireLicense } from "#app/api/keygen/holder.server.ts";
import { KeygenRefusal, notFound } from "#app/api/keygen/keygen-refusal.ts";
import { machineList } from "#app/api/keygen/machines.server.ts";
import { licenseResource } from "#app/api/keygen/resources.ts";
import { account } from "#app/api/keygen/validations.server.ts";
import { programAct } from "#app/api/program-act.ts";
import { findLicenseById } from "#app/domain/activation/find-license-by-id.server.ts";
import {
  extend,
  type ManagedChange,
  reinstate,
  revoke,
  suspend,
} from "#app/domain/license/manage-license.server.ts";
import { findManagedLicense } from "#app/domain/license/managed-license.queries.server.ts";
import type { ManagedLicense } from "#app/domain/license/managed-license.ts";

const me = endpoint({
  method: "GET",
  path: "/v1/accounts/:account/me",
  access: "public",
  summary: "The license whose key is sent",
  params: z.object({ account }),
  async handle(call) {
    const license = await requireHolder(call);
    return { status: 200, body: { data: licenseResource(license, settingOf(call)) } };
  },
});

const path = "/v1/accounts/:account/licenses/:license";
const params = z.object({ account, license: z.string().max(300) });

const read = endpoint({
  method: "GET",
  path,
  access: "public",
  summary: "Read a license by UUID or key",
  params,
  async handle(call) {
    const license = await requireLicense(call, call.params.license);
    return { status: 200, body: { data: licenseResource(license, settingOf(call)) } };
  },
});

const listMachines = endpoint({
  method: "GET",
  path: `${path}/machines`,
  access: "public",
  summary: "The devices that have a seat",
  params,
  async handle(call) {
    return machineList(call, await requireLicense(call, call.params.license));
  },
});

const listEntitlements = endpoint({
  method: "GET",
  path: `${path}/entitlements`,
  access: "public",
  summary: "What the license includes",
  params,
  async handle(call) {
    const license = await requireLicense(call, call.params.license);
    return { status: 200, body: { data: entitlementResources(license, settingOf(call)) } };
  },
});

type Named = Call<unknown, { account: string; license: string }>;

function settingOf({ now, params }: Call<unknown, { account: string }>) {
  return { account: params.account, now };
}

/** What the holder of an API key does to a license, answered with the license as it is then. */
function staffAction(
  action: string,
  summary: string,
  act: (request: ManagedChange, license: ManagedLicense) => Promise<ManagedLicense>,
): Endpoint {
  return endpoint({
    method: "POST",
    path: `${path}/actions/${action}`,
    access: "licenses:write",
    summary,
    params,
    writes: true,
    async handle(call) {
      const { license, request } = await requireManaged(call);
      const key = requireKey(await act(request, license));
      const found = await findLicenseById({ licenseId: license.id }, call.now);
      if (!found) throw notFound("license");
      const shown = { ...found, key, showsMetadata: true };
      return { status: 200, body: { data: licenseResource(shown, settingOf(call)) } };
    },
  });
}

async function requireManaged(call: Named): Promise<{ license: ManagedLicense; request: ManagedChange }> {
  const license = await findManagedLicense(call.params.license, call.now);
  if (!license) throw notFound("license");
  return { license, request: { ...programAct(call), licenseId: license.id } };
}

function renew(request: ManagedChange, { policy }: ManagedLicense): Promise<ManagedLicense> {
  if (policy.termDays !== null) return extend({ ...request, period: { days: policy.termDays } });
  throw new KeygenRefusal("invalid_request", {
    detail: "cannot be renewed because the policy does not have a duration",
    code: "POLICY_DURATION_BLANK",
    source: { pointer: "/data/relationships/policy" },
  });
}

const remove = endpoint({
  method: "DELETE",
  path,
  access: "licenses:write",
  summary: "Revoke a license",
  description: "The record stays, unlike at Keygen: the license answers as suspended from then on.",
  params,
  writes: true,
  async handle(call) {
    await revoke((await requireManaged(call)).request);
    return { status: 204 };
  },
});

/** Licenses, and what staff do to them. https://keygen.sh/docs/api/licenses/ */
export const licenses: readonly Endpoint[] = [
  ...[me, read, listMachines, listEntitlements],
  staffAction("suspend", "Put a license on hold", suspend),
  staffAction("reinstate", "Lift the vendor's hold", reinstate),
  staffAction("renew", "Extend a license by the term of its policy", renew),
  remove,
];
