import { z } from "zod";
import { type Answer, type Call, type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { keyAsIssued } from "#app/api/key-as-issued.server.ts";
import { entitlementCodes } from "#app/api/keygen/entitlements.server.ts";
import { requireLicense } from "#app/api/keygen/holder.server.ts";
import { fingerprintsOf, judgeScope, type Scope } from "#app/api/keygen/judge-scope.ts";
import { licenseResource, type ShownLicense } from "#app/api/keygen/resources.ts";
import { lookUpLicense } from "#app/api/look-up-license.server.ts";
import { type Device, isActive } from "#app/domain/activation/device.ts";
import type { DeviceQuestion } from "#app/domain/activation/find-license.server.ts";
import { findLicenseById } from "#app/domain/activation/find-license-by-id.server.ts";
import { judgeCheck } from "#app/domain/activation/judge-check.ts";
import { noteSeen } from "#app/domain/activation/note-seen.server.ts";
import { idOf } from "#app/domain/ids.ts";
import { readLicenseSale } from "#app/domain/license/license-sale.queries.server.ts";

const text = z
  .string()
  .max(512)
  .nullish()
  .transform((value) => value ?? undefined);
const texts = z
  .array(z.string().max(512))
  .max(20)
  .nullish()
  .transform((value) => value ?? undefined);

const scopeFields = z.looseObject({
  ...{ product: text, policy: text, user: text, machine: text, fingerprint: text, fingerprints: texts },
  ...{ components: texts, entitlements: texts, checksum: text, version: text, environment: text },
});
const question = {
  nonce: z.union([z.number().int(), z.string().max(128)]).nullish(),
  scope: scopeFields.nullish(),
};
export const account = z.string().max(300);

type Meta = { nonce?: string | number | null | undefined; scope?: Scope | null | undefined };

const validateKey = endpoint({
  method: "POST",
  path: "/v1/accounts/:account/licenses/actions/validate-key",
  access: "public",
  summary: "Ask by key whether a license is good, for what the scope names",
  description: "Always 200; `meta.code` tells, also for an unknown key.",
  params: z.object({ account }),
  body: z.object({ meta: z.object({ key: z.string().max(512), ...question }) }),
  async handle(call) {
    const { meta } = call.body;
    const device = firstDevice(meta.scope ?? null);
    const found = await lookUpLicense(call, { key: meta.key, device });
    if (!found) {
      const judgement = { valid: false, detail: "does not exist", code: "NOT_FOUND" };
      return { status: 200, body: { data: null, meta: answerMeta(call, judgement, meta) } };
    }
    const license = { ...found, key: keyAsIssued(found, meta.key), showsMetadata: false };
    return answerFor(call, license, meta);
  },
});

const path = "/v1/accounts/:account/licenses/:license/actions/validate";
const params = z.object({ account, license: z.string().max(300) });

const validate = endpoint({
  method: "POST",
  path,
  access: "public",
  summary: "The same by id, for whoever sends the license key",
  params,
  body: z.object({ meta: z.object(question).nullish() }).nullish(),
  bodyOptional: true,
  async handle(call) {
    const meta = call.body?.meta ?? {};
    const license = await requireLicense(call, call.params.license, firstDevice(meta.scope ?? null));
    return answerFor(call, license, meta);
  },
});

const quickValidate = endpoint({
  method: "GET",
  path,
  access: "public",
  summary: "The same for the license alone",
  params,
  async handle(call) {
    return answerFor(call, await requireLicense(call, call.params.license), {});
  },
});

type InAccount = Call<unknown, { account: string }>;

async function answerFor(call: InAccount, license: ShownLicense, meta: Meta): Promise<Answer> {
  const { now, params } = call;
  const scope = meta.scope ?? null;
  const judgement = judgeScope({
    ...{ license, scope, verdict: judgeCheck(license, now), entitlements: entitlementCodes(license) },
    owner: scope?.user === undefined ? null : (await readLicenseSale(license.id)).customer,
    ...(await judgeDevices(license, scope, now)),
  });
  return {
    status: 200,
    body: {
      data: licenseResource(license, { account: params.account, now }),
      meta: answerMeta(call, judgement, meta),
    },
  };
}

function answerMeta(call: Call, judgement: object, { nonce, scope }: Meta) {
  return {
    ts: call.now.toISOString(),
    ...judgement,
    ...(nonce != null && { nonce }),
    ...(scope && { scope }),
  };
}

/** The device that comes with the license in one look-up. */
function firstDevice(scope: Scope | null): DeviceQuestion {
  if (!scope) return null;
  if (scope.machine !== undefined) return machineById(scope.machine);
  const fingerprint = fingerprintsOf(scope)?.[0];
  return fingerprint === undefined ? null : { fingerprint };
}

function machineById(uuid: string): { activationId: string } {
  return { activationId: idOf("act", uuid) ?? "" };
}

/** One device of several is enough, as in Keygen's policies unless they say otherwise. */
async function judgeDevices(license: ShownLicense, scope: Scope | null, now: Date) {
  const hasSeat = (device: Device | null) => {
    if (!device || !isActive(device, now)) return false;
    noteSeen(device.id, now);
    return true;
  };
  const fingerprints = (scope && fingerprintsOf(scope)) ?? [];
  const first = hasSeat(license.device);
  // The device read with the license is the machine where the scope names one, else the first fingerprint's.
  const asksForMachine = scope?.machine !== undefined;
  let fingerprintIsActive = !asksForMachine && first;
  for (const fingerprint of asksForMachine ? fingerprints : fingerprints.slice(1)) {
    if (fingerprintIsActive) break;
    const question = { licenseId: license.id, device: { fingerprint } };
    fingerprintIsActive = hasSeat((await findLicenseById(question, now))?.device ?? null);
  }
  return { machineIsActive: asksForMachine && first, fingerprintIsActive };
}

/** Keygen's validations. https://keygen.sh/docs/api/licenses/#licenses-actions-validate-key */
export const validations: readonly Endpoint[] = [validateKey, validate, quickValidate];
