import { z } from "zod";
import { type Call, type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { lookUpLicense } from "#app/api/look-up-license.server.ts";
import { Problem } from "#app/api/problem.ts";
import { deviceAct } from "#app/api/program-act.ts";
import { CheckAnswer, checkAnswer } from "#app/api/v1/check-answer.server.ts";
import { activateDevice, heartbeat } from "#app/domain/activation/activate-device.server.ts";
import { isActive, maxFingerprintLength } from "#app/domain/activation/device.ts";
import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import { judgeCheck } from "#app/domain/activation/judge-check.ts";
import { noteSeen } from "#app/domain/activation/note-seen.server.ts";
import { releaseDevice } from "#app/domain/activation/release-device.server.ts";

const licenseKey = z
  .string()
  .trim()
  .min(1)
  .max(128)
  .describe(
    "The license key as a person types it; case, spaces, dashes, O for 0 and I or L for 1 are forgiven",
  );
const product = z
  .string()
  .trim()
  .min(1)
  .max(128)
  .describe("Slug or id of the product the app is; a key of another product is refused as unknown");
export const fingerprint = z
  .string()
  .trim()
  .min(1)
  .max(maxFingerprintLength)
  .describe("What makes a device the same one; stored encrypted");
const nonce = z
  .union([z.string().max(128), z.number().int()])
  .optional()
  .describe("Echoed in the answer, so that an old one cannot be replayed");
const text = (most: number) => z.string().trim().min(1).max(most).nullish();
const deviceFacts = {
  name: text(128).describe("What people call the device"),
  platform: text(64),
  hostname: text(255),
  appVersion: text(64),
};
/** What every check begins with. */
export const question = { product, key: licenseKey, nonce };

/** @throws Problem license_not_found: unknown, mistyped or of another product, which all look the same. */
export async function requireLicense(
  call: Call,
  body: { product: string; key: string; fingerprint?: string | undefined },
): Promise<FoundLicense> {
  const found = await lookUpLicense(call, {
    key: body.key,
    product: body.product,
    device: body.fingerprint === undefined ? null : { fingerprint: body.fingerprint },
  });
  if (found) return found;
  throw new Problem(
    "license_not_found",
    "There is no license with this key for this product. Check the key for typing mistakes.",
  );
}

const good = {
  description: "The license is known; `valid` and `code` tell whether it works",
  schema: CheckAnswer,
};

const validate = endpoint({
  method: "POST",
  path: "/api/v1/licenses/validate",
  access: "public",
  summary: "Ask whether a license works",
  description:
    "Changes nothing. With a fingerprint it also says whether the license is active on that device; without one no device is judged.",
  body: z.object({ ...question, fingerprint: fingerprint.optional() }),
  answers: { 200: good },
  async handle(call) {
    const { body, now } = call;
    const license = await requireLicense(call, body);
    const { device } = license;
    if (device && isActive(device, now)) noteSeen(device.id, now);
    const verdict = judgeCheck(license, now, body.fingerprint === undefined ? undefined : { device });
    return { status: 200, body: checkAnswer(license, verdict, { now, nonce: body.nonce ?? null }) };
  },
});

const activate = endpoint({
  method: "POST",
  path: "/api/v1/licenses/activate",
  access: "public",
  summary: "Give a device a seat",
  description:
    "The same fingerprint again keeps its seat and takes no other. The limit holds however many devices ask at once.",
  body: z.object({ ...question, fingerprint, ...deviceFacts }),
  answers: { 200: good },
  writes: true,
  async handle(call) {
    const { body, now } = call;
    const found = await requireLicense(call, body);
    const { outcome, verdict, license } = await activateDevice({ ...deviceAct(call, found), ...body });
    const answer = checkAnswer(license, verdict, { now, nonce: body.nonce ?? null });
    return { status: 200, body: answer, refused: outcome === "refused" };
  },
});

const deactivate = endpoint({
  method: "POST",
  path: "/api/v1/licenses/deactivate",
  access: "public",
  summary: "Free the seat of a device",
  description:
    "Safe to repeat: a device that has no seat gives `released: false`. Works for a license in any state.",
  body: z.object({ ...question, fingerprint }),
  answers: {
    200: { ...good, schema: CheckAnswer.extend({ released: z.boolean() }) },
  },
  writes: true,
  async handle(call) {
    const { body, now } = call;
    const found = await requireLicense(call, body);
    const { released, activeDevices } = await releaseDevice({ ...deviceAct(call, found), device: body });
    const license = { ...found, activeDevices, device: found.device && { ...found.device, releasedAt: now } };
    const verdict = judgeCheck(license, now, { device: null });
    return {
      status: 200,
      body: { released, ...checkAnswer(license, verdict, { now, nonce: body.nonce ?? null }) },
    };
  },
});

const beat = endpoint({
  method: "POST",
  path: "/api/v1/licenses/heartbeat",
  access: "public",
  summary: "Keep a floating seat",
  description:
    "Holds the seat for another `leaseSeconds`. A lease that has lapsed is taken up again while there is a free seat. Where seats are not floating it only notes that the device was seen.",
  body: z.object({ ...question, fingerprint, appVersion: deviceFacts.appVersion }),
  answers: { 200: good },
  async handle(call) {
    const { body, now } = call;
    const found = await requireLicense(call, body);
    const { verdict, license } = await heartbeat(found, { ...deviceAct(call, found), ...body });
    return { status: 200, body: checkAnswer(license, verdict, { now, nonce: body.nonce ?? null }) };
  },
});

/** What the sold app calls, with the license key as its only secret. */
export const licenseChecks: readonly Endpoint[] = [validate, activate, deactivate, beat];
