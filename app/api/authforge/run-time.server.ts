import { z } from "zod";
import {
  type Failure,
  failed,
  failureOf,
  sessionEnd,
  sessionPayload,
  sessionTtl,
} from "#app/api/authforge/run-time-answers.ts";
import { readSessionToken, sessionToken } from "#app/api/authforge/session-token.server.ts";
import { type Answer, type Call, type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { count, lookUpLicense } from "#app/api/look-up-license.server.ts";
import { deviceAct } from "#app/api/program-act.ts";
import { activateDevice, heartbeat } from "#app/domain/activation/activate-device.server.ts";
import { isActive, maxFingerprintLength } from "#app/domain/activation/device.ts";
import { findLicenseById } from "#app/domain/activation/find-license-by-id.server.ts";
import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import { judgeCheck, type Verdict } from "#app/domain/activation/judge-check.ts";
import { noteSeen } from "#app/domain/activation/note-seen.server.ts";
import { isProduct } from "#app/domain/activation/product-reference.ts";
import { signingKey } from "#app/domain/signing-key/signing-key.server.ts";

const appId = z.string().trim().min(1).max(128);
const hwid = z.string().trim().min(1).max(maxFingerprintLength);
const nonce = z.string().max(128).default("");

const validate = endpoint({
  method: "POST",
  path: "/auth/validate",
  access: "public",
  summary: "Begin a session on a device",
  description: "Gives the device a seat while one is free. An app secret is taken and not looked at.",
  body: z.object({
    ...{ appId, hwid, nonce },
    licenseKey: z.string().trim().min(1).max(128),
    ttlSeconds: z.int().positive().optional(),
  }),
  async handle(call) {
    const { body } = call;
    const device = { fingerprint: body.hwid };
    const found = await lookUpLicense(call, { key: body.licenseKey, device });
    if (!found) return failed("invalid_key");
    if (!isProduct(found, body.appId)) return failed("invalid_app");
    const { verdict, license } = await seat(call, found, body.hwid);
    const ttlSeconds = sessionTtl(body.ttlSeconds ?? null);
    return answer(call, { license, verdict, ttlSeconds, appId: body.appId, nonce: body.nonce });
  },
});

/** A device that has its seat keeps it without a write; any other one takes a free seat. */
async function seat(
  call: Call,
  found: FoundLicense,
  fingerprint: string,
): Promise<{ verdict: Verdict; license: FoundLicense }> {
  const { device } = found;
  const { now } = call;
  if (!device || !isActive(device, now) || found.leaseSeconds !== null)
    return activateDevice({ ...deviceAct(call, found), fingerprint });
  noteSeen(device.id, now);
  return { verdict: judgeCheck(found, now, { device }), license: found };
}

const beat = endpoint({
  method: "POST",
  path: "/auth/heartbeat",
  access: "public",
  summary: "Go on with a session",
  body: z.object({ appId, hwid, nonce, sessionToken: z.string().min(1).max(4096) }),
  async handle(call) {
    const { body, now } = call;
    const session = readSessionToken(body.sessionToken, now);
    const device = { fingerprint: body.hwid };
    const found = session && (await findLicenseById({ licenseId: session.licenseId, device }, now));
    if (!session || !found) return refuseStranger(call, "session_expired");
    if (session.appId !== body.appId) return refuseStranger(call, "invalid_app");
    count(call, "public-address", call.clientAddress);
    count(call, "public-key", found.id);
    // The session belongs to one device; another one with a seat of its own has to validate itself.
    if (found.device?.id !== session.deviceId) return failed("hwid_mismatch");
    const { verdict, license } = await heartbeat(found, {
      ...deviceAct(call, found),
      fingerprint: body.hwid,
    });
    const { ttlSeconds } = session;
    return answer(call, { license, verdict, ttlSeconds, appId: body.appId, nonce: body.nonce });
  },
});

function refuseStranger(call: Call, failure: Failure): Answer {
  count(call, "failed-lookup", call.clientAddress);
  return failed(failure);
}

/** A session signed with the active key over the payload as it is sent, or why there is none. */
async function answer(
  { now, requestId }: Call,
  checked: { license: FoundLicense; verdict: Verdict; ttlSeconds: number; appId: string; nonce: string },
): Promise<Answer> {
  const { license, verdict, ttlSeconds, appId: app } = checked;
  const failure = failureOf(verdict);
  if (failure) return failed(failure);
  const end = sessionEnd(ttlSeconds, verdict.worksUntil, now);
  const token = sessionToken({
    ...{ licenseId: license.id, deviceId: license.device?.id ?? "", appId: app, ttlSeconds },
    exp: Math.floor(end.getTime() / 1000),
  });
  const session = { token, end, nonce: checked.nonce, requestId, now };
  const payload = Buffer.from(JSON.stringify(sessionPayload(license, verdict, session))).toString("base64");
  const key = await signingKey();
  const signature = key.sign(Buffer.from(payload)).toString("base64");
  return { status: 200, body: { status: "success", payload, signature, keyId: key.keyId } };
}

/**
 * What the sold app calls. No answer is kept for an Idempotency-Key: the same device again has the same seat, and what
 * was good a month ago says nothing about today. https://docs.authforge.cc/sdk/overview
 */
export const runTime: readonly Endpoint[] = [validate, beat];
