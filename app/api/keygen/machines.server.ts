import { z } from "zod";
import { type Answer, type Call, type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import {
  machineQuestion,
  requireHolder,
  requireMachine,
  requireWorking,
  requireWorkingHolder,
} from "#app/api/keygen/holder.server.ts";
import { KeygenRefusal, refusalOf } from "#app/api/keygen/keygen-refusal.ts";
import { machineResource, type ShownLicense } from "#app/api/keygen/resources.ts";
import { account } from "#app/api/keygen/validations.server.ts";
import { deviceAct } from "#app/api/program-act.ts";
import { activateDevice, heartbeat } from "#app/domain/activation/activate-device.server.ts";
import { isActive, maxFingerprintLength } from "#app/domain/activation/device.ts";
import { readFingerprint } from "#app/domain/activation/device-fingerprint.queries.server.ts";
import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import { releaseDevice } from "#app/domain/activation/release-device.server.ts";
import { uuidOf } from "#app/domain/ids.ts";
import { findManagedLicense } from "#app/domain/license/managed-license.queries.server.ts";

const text = z.string().trim().min(1).max(255).nullish();
const facts = { name: text, platform: text, hostname: text };
/** Kept as texts, whatever they were. */
const metadata = z
  .record(z.string().max(100), z.json())
  .refine((value) => JSON.stringify(value).length <= 4096, "is too large")
  .transform((value) =>
    Object.fromEntries(
      Object.entries(value).map(([name, member]) => [
        name,
        typeof member === "string" ? member : JSON.stringify(member),
      ]),
    ),
  )
  .nullish();

/** Kept to the letter: it is half of the secret that a machine file is encrypted with. */
const fingerprintText = z
  .string()
  .max(maxFingerprintLength)
  .refine((value) => value.trim() !== "", "cannot be blank");

const NewMachine = z.object({
  data: z.object({
    attributes: z.object({
      fingerprint: fingerprintText,
      ...facts,
      metadata,
    }),
    relationships: z
      .object({ license: z.object({ data: z.object({ id: z.string().max(300) }) }).nullish() })
      .nullish(),
  }),
});

const activate = endpoint({
  method: "POST",
  path: "/v1/accounts/:account/machines",
  access: "public",
  summary: "Give a device a seat",
  params: z.object({ account }),
  body: NewMachine,
  writes: true,
  async handle(call) {
    const { attributes, relationships } = call.body.data;
    const { fingerprint, metadata, ...told } = attributes;
    const license = await requireWorkingHolder(call, { fingerprint });
    requireOwn(license, relationships?.license?.data.id);
    if (license.device && isActive(license.device, call.now)) throw taken();
    const {
      outcome,
      verdict,
      license: after,
    } = await activateDevice({
      ...deviceAct(call, license),
      ...{ fingerprint, ...told },
      ...(metadata && { metadata }),
    });
    if (outcome === "already-active") throw taken();
    if (outcome === "refused") throw refusalOf(verdict.code, after.deviceLimit);
    return machineAnswer(call, { ...license, ...after }, 201, fingerprint);
  },
});

function requireOwn(license: FoundLicense, id: string | undefined): void {
  if (id === undefined || [license.id, uuidOf(license.id)].includes(id.toLowerCase())) return;
  throw new KeygenRefusal("forbidden", {
    detail: "You do not have permission to complete the request (license key is of another license)",
    code: "LICENSE_NOT_ALLOWED",
  });
}

function taken(): KeygenRefusal {
  return new KeygenRefusal("invalid_request", {
    detail: "has already been taken",
    code: "FINGERPRINT_TAKEN",
    source: { pointer: "/data/attributes/fingerprint" },
  });
}

const list = endpoint({
  method: "GET",
  path: "/v1/accounts/:account/machines",
  access: "public",
  summary: "The devices that have a seat of the license whose key is sent",
  params: z.object({ account }),
  async handle(call) {
    return machineList(call, await requireHolder(call));
  },
});

/** The devices that have a seat. */
export async function machineList(call: InAccount, license: ShownLicense): Promise<Answer> {
  const { now, params } = call;
  const devices = (await findManagedLicense(license.id, now))?.devices ?? [];
  const context = { account: params.account, now };
  const data = devices
    .filter((device) => isActive(device, now))
    .map((device) => machineResource(device, license, context));
  return { status: 200, body: { data } };
}

const path = "/v1/accounts/:account/machines/:machine";
const params = z.object({ account, machine: z.string().max(300) });

const read = endpoint({
  method: "GET",
  path,
  access: "public",
  summary: "Read a device by UUID or fingerprint",
  params,
  async handle(call) {
    return machineAnswer(call, await requireHolder(call, machineQuestion(call.params.machine)), 200);
  },
});

const update = endpoint({
  method: "PATCH",
  path,
  access: "public",
  summary: "Change the name, platform or host name of a device",
  params,
  body: z.object({ data: z.object({ attributes: z.object({ ...facts, metadata }) }) }),
  writes: true,
  async handle(call) {
    const license = await requireWorkingHolder(call, machineQuestion(call.params.machine));
    const fingerprint = await readFingerprint(requireMachine(license, call.now).id);
    const { metadata, ...told } = call.body.data.attributes;
    // The same device again keeps its seat, and what it tells replaces what it told before.
    const {
      outcome,
      verdict,
      license: after,
    } = await activateDevice({
      ...deviceAct(call, license),
      ...{ fingerprint, ...told },
      ...(metadata && { metadata }),
    });
    if (outcome === "refused") throw refusalOf(verdict.code, after.deviceLimit);
    return machineAnswer(call, { ...license, ...after }, 200, fingerprint);
  },
});

const deactivate = endpoint({
  method: "DELETE",
  path,
  access: "public",
  summary: "Free the seat of a device",
  params,
  writes: true,
  async handle(call) {
    const license = await requireHolder(call, machineQuestion(call.params.machine));
    const device = requireMachine(license, call.now);
    await releaseDevice({ ...deviceAct(call, license), device: { activationId: device.id } });
    return { status: 204 };
  },
});

const pings = ["ping", "ping-heartbeat", "reset", "reset-heartbeat"].map((action) =>
  endpoint({
    method: "POST",
    path: `${path}/actions/${action}`,
    access: "public",
    summary: action.startsWith("ping")
      ? "Keep a floating seat"
      : "Start the heartbeat of a floating seat anew",
    params,
    async handle(call) {
      const found = await requireHolder(call, machineQuestion(call.params.machine));
      requireWorking(found, call.now);
      // A seat whose lease has lapsed is taken up again while there is a free one.
      const device =
        found.device && !found.device.releasedAt ? found.device : requireMachine(found, call.now);
      const fingerprint = await readFingerprint(device.id);
      const { outcome, verdict, license } = await heartbeat(found, {
        ...deviceAct(call, found),
        fingerprint,
      });
      if (outcome === "refused") throw refusalOf(verdict.code, license.deviceLimit);
      return machineAnswer(call, { ...found, ...license }, 200, fingerprint);
    },
  }),
);

type InAccount = Call<unknown, { account: string }>;

async function machineAnswer(
  call: InAccount,
  license: ShownLicense,
  status: number,
  known?: string,
): Promise<Answer> {
  const { now, params } = call;
  const device = requireMachine(license, now);
  const fingerprint = known ?? (await readFingerprint(device.id));
  const data = machineResource({ ...device, fingerprint }, license, { account: params.account, now });
  return { status, body: { data } };
}

/** Devices, with the license key as the proof. https://keygen.sh/docs/api/machines/ */
export const machines: readonly Endpoint[] = [activate, list, read, update, deactivate, ...pings];
