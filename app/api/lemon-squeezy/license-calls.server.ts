import { randomUUID } from "node:crypto";
import { z } from "zod";
import { type Answer, type Call, type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { keyAsIssued } from "#app/api/key-as-issued.server.ts";
import { type Flag, licenseAnswer } from "#app/api/lemon-squeezy/license-answer.ts";
import { lookUpLicense } from "#app/api/look-up-license.server.ts";
import { Problem } from "#app/api/problem.ts";
import { deviceAct } from "#app/api/program-act.ts";
import { activateDevice } from "#app/domain/activation/activate-device.server.ts";
import { type Device, isActive, maxFingerprintLength } from "#app/domain/activation/device.ts";
import type { DeviceQuestion } from "#app/domain/activation/find-license.server.ts";
import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import { judgeCheck, type Verdict } from "#app/domain/activation/judge-check.ts";
import { noteSeen } from "#app/domain/activation/note-seen.server.ts";
import { releaseDevice } from "#app/domain/activation/release-device.server.ts";
import { idOf } from "#app/domain/ids.ts";
import { readLicenseSale } from "#app/domain/license/license-sale.queries.server.ts";
import { recentSettings } from "#app/domain/setting/recent-settings.server.ts";

/** An empty field counts as left out, as forms send it; a number is the text it was meant as. */
function fieldText(value: unknown): unknown {
  const text = typeof value === "number" ? String(value) : value;
  return text === null || (typeof text === "string" && text.trim() === "") ? undefined : text;
}

const text = (most: number) =>
  z
    .string({ error: ({ input }) => (input === undefined ? "is required." : "must be a string.") })
    .trim()
    .max(most, `must not be greater than ${most} characters.`);
const required = (most: number) => z.preprocess(fieldText, text(most));
const optional = (most: number) => z.preprocess(fieldText, text(most).optional());

/** Form fields, plain JSON, or the attributes of a JSON:API document. */
function attributes(body: unknown): unknown {
  const wrapped = z.object({ data: z.object({ attributes: z.looseObject({}) }) }).safeParse(body);
  return wrapped.success ? wrapped.data.data.attributes : body;
}

const question = {
  license_key: required(255),
  /** Ours, not Lemon Squeezy's: the product the app is, so that a key of another one counts as unknown. */
  product: optional(128),
};
const body = <Fields extends z.ZodRawShape>(fields: Fields) =>
  z.preprocess(attributes, z.object({ ...question, ...fields }));

type Question = { license_key: string; product?: string | undefined };

/** @throws Problem license_not_found for a key that is unknown or of another product. */
async function requireLicense(call: Call<Question>, device: DeviceQuestion): Promise<FoundLicense> {
  const { license_key: key, product } = call.body;
  const found = await lookUpLicense(call, { key, device, ...(product !== undefined && { product }) });
  if (found) return found;
  throw new Problem("license_not_found", "There is no license with this key.");
}

async function answerFor(
  call: Call<Question>,
  flag: Flag,
  license: FoundLicense,
  { verdict, instance }: { verdict: Verdict; instance?: Device | null },
): Promise<Answer> {
  return licenseAnswer({
    ...{ flag, license, verdict },
    key: keyAsIssued(license, call.body.license_key),
    sale: await readLicenseSale(license.id),
    showsCustomer: recentSettings().customerInLemonSqueezyAnswers === "shown",
    ...(instance !== undefined && { instance }),
  });
}

/** The device an instance id was given to; an id that is none of ours asks for a device that is not there. */
function deviceOf(instanceId: string): { activationId: string } {
  return { activationId: idOf("act", instanceId) ?? "" };
}

const activate = endpoint({
  method: "POST",
  path: "/v1/licenses/activate",
  access: "public",
  summary: "Make an instance of a license key",
  description:
    "Each call takes a seat, as at Lemon Squeezy. With the extra field `fingerprint` the same device keeps its instance.",
  body: body({
    instance_name: required(255),
    fingerprint: optional(maxFingerprintLength),
  }),
  bodyFormats: ["json", "form"],
  bodyOptional: true,
  writes: true,
  async handle(call) {
    const { instance_name: name, fingerprint = `instance:${randomUUID()}` } = call.body;
    const found = await requireLicense(call, { fingerprint });
    const { outcome, verdict, license } = await activateDevice({
      ...deviceAct(call, found),
      ...{ fingerprint, name },
    });
    return answerFor(call, "activated", license, {
      verdict,
      ...(outcome !== "refused" && { instance: license.device }),
    });
  },
});

const validate = endpoint({
  method: "POST",
  path: "/v1/licenses/validate",
  access: "public",
  summary: "Ask whether a license key, or an instance of it, is good",
  body: body({ instance_id: optional(255) }),
  bodyFormats: ["json", "form"],
  bodyOptional: true,
  async handle(call) {
    const { now } = call;
    const { instance_id: instanceId } = call.body;
    const license = await requireLicense(call, instanceId === undefined ? null : deviceOf(instanceId));
    const { device } = license;
    if (device && isActive(device, now)) noteSeen(device.id, now);
    const verdict = judgeCheck(license, now, instanceId === undefined ? undefined : { device });
    return answerFor(call, "valid", license, { verdict, instance: verdict.valid ? device : null });
  },
});

const deactivate = endpoint({
  method: "POST",
  path: "/v1/licenses/deactivate",
  access: "public",
  summary: "Free the seat of an instance",
  description:
    "A disabled key is refused, as at Lemon Squeezy; an expired one frees its seats. An instance that is not there is answered with 400.",
  body: body({ instance_id: required(255) }),
  bodyFormats: ["json", "form"],
  bodyOptional: true,
  writes: true,
  async handle(call) {
    const device = deviceOf(call.body.instance_id);
    const found = await requireLicense(call, device);
    const state = judgeCheck(found, call.now);
    const isDisabled = state.code === "REVOKED" || state.code === "SUSPENDED";
    if (isDisabled) return answerFor(call, "deactivated", found, { verdict: state });
    const { released, activeDevices } = await releaseDevice({ ...deviceAct(call, found), device });
    const code = released ? "VALID" : "DEVICE_NOT_ACTIVE";
    return answerFor(call, "deactivated", { ...found, activeDevices }, { verdict: { ...state, code } });
  },
});

/** The license API of Lemon Squeezy, without its management side. https://docs.lemonsqueezy.com/api/license-api */
export const licenseCalls: readonly Endpoint[] = [activate, validate, deactivate];
