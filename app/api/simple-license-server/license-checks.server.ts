import { randomUUID } from "node:crypto";
import { z } from "zod";
import { type Call, type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { keyAsIssued } from "#app/api/key-as-issued.server.ts";
import { lookUpLicense } from "#app/api/look-up-license.server.ts";
import { Problem } from "#app/api/problem.ts";
import { deviceAct } from "#app/api/program-act.ts";
import { fingerprint, licenseKey, metadata } from "#app/api/simple-license-server/fields.server.ts";
import {
  checkAnswer,
  deactivateAnswer,
  offlineClaims,
} from "#app/api/simple-license-server/license-answers.ts";
import { toTexts } from "#app/api/simple-license-server/metadata.ts";
import { activateDevice } from "#app/domain/activation/activate-device.server.ts";
import { isActive } from "#app/domain/activation/device.ts";
import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import { judgeCheck, type Verdict } from "#app/domain/activation/judge-check.ts";
import { noteSeen } from "#app/domain/activation/note-seen.server.ts";
import { releaseDevice } from "#app/domain/activation/release-device.server.ts";
import { uuidOf } from "#app/domain/ids.ts";
import { offlineJwt } from "#app/domain/license-file/license-file.server.ts";
import { fileTerm } from "#app/domain/license-file/license-file.ts";
import { getEnv } from "#app/infra/env.server.ts";

const check = z.object({
  license_key: licenseKey,
  fingerprint,
  /** Ours, not theirs: the product the app is, so that a key of another one counts as unknown. */
  product: z.string().trim().min(1).max(128).optional(),
});

/** @throws Problem license_not_found */
async function requireLicense(call: Call, body: z.output<typeof check>): Promise<FoundLicense> {
  const { license_key: key, fingerprint, product } = body;
  const device = { fingerprint };
  const found = await lookUpLicense(call, { key, device, ...(product !== undefined && { product }) });
  if (found) return found;
  throw new Problem("license_not_found", "license not found");
}

/** A token for a good license whose policy gives them; else null. */
async function offlineToken(
  license: FoundLicense,
  verdict: Verdict,
  { body, now }: Call<z.output<typeof check>>,
): Promise<string | null> {
  const term = verdict.valid ? fileTerm(license.policy.offlineHours, now) : null;
  if (!term) return null;
  const claims = offlineClaims({ uuid: uuidOf(license.id), slug: license.policy.slug }, body.fingerprint, {
    ...{ term, worksUntil: verdict.worksUntil },
    ...{ issuer: getEnv().appUrl, tokenId: randomUUID() },
  });
  return offlineJwt(claims);
}

const activate = endpoint({
  method: "POST",
  path: "/activate",
  access: "public",
  summary: "Give a device a seat",
  body: check.extend({ metadata }),
  writes: true,
  async handle(call) {
    const { body } = call;
    const { outcome, verdict, license } = await activateDevice({
      ...deviceAct(call, await requireLicense(call, body)),
      fingerprint: body.fingerprint,
      ...(Object.keys(body.metadata).length > 0 && { metadata: toTexts(body.metadata) }),
    });
    const answer = checkAnswer(license, verdict, await offlineToken(license, verdict, call));
    const { valid, status, ...rest } = answer;
    const asked = { license_key: keyAsIssued(license, body.license_key), fingerprint: body.fingerprint };
    return { status: 200, body: { valid, status, ...asked, ...rest }, refused: outcome === "refused" };
  },
});

const validate = endpoint({
  method: "POST",
  path: "/validate",
  access: "public",
  summary: "Ask whether a license works on a device",
  body: check,
  async handle(call) {
    const { body, now } = call;
    const license = await requireLicense(call, body);
    const { device } = license;
    if (device && isActive(device, now)) noteSeen(device.id, now);
    const verdict = judgeCheck(license, now, { device });
    return { status: 200, body: checkAnswer(license, verdict, await offlineToken(license, verdict, call)) };
  },
});

const deactivate = endpoint({
  method: "POST",
  path: "/deactivate",
  access: "public",
  summary: "Free the seat of a device",
  body: check.extend({ reason: z.string().trim().max(500).nullish() }),
  writes: true,
  async handle(call) {
    const { body, now } = call;
    const license = await requireLicense(call, body);
    const count = await releaseDevice({
      ...deviceAct(call, license),
      device: { fingerprint: body.fingerprint },
      reason: body.reason || null,
    });
    return { status: 200, body: deactivateAnswer(license, judgeCheck(license, now), count) };
  },
});

/** What the sold app calls, with the license key as its only secret. */
export const licenseChecks: readonly Endpoint[] = [activate, validate, deactivate];
