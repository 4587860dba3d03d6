import { asBoolean, asInstant, asObject, asText, type Json } from "./json.ts";
import { type Device, type License, readDevice, readLicense } from "./license.ts";
import { type Trouble, trouble } from "./trouble.ts";
import { type FileCheck, type FileRefusal, fileRefusals, type GoodFile } from "./verify-file.ts";

/** What the server says of a license it was asked about. */
export const serverReasons = [
  "VALID",
  "GRACE",
  "EXPIRED",
  "SUSPENDED",
  "REVOKED",
  "DEVICE_NOT_ACTIVE",
  "DEVICE_LIMIT_REACHED",
  /** The key is mistyped, made up, or for another product. */
  "LICENSE_NOT_FOUND",
  /** A reason this version does not know; `valid` and `message` hold. */
  "OTHER",
] as const;
export type ServerReason = (typeof serverReasons)[number];

/** What a file says while the server cannot be heard; `no-file`: none was ever kept for this license key. */
export type FileReason = "VALID" | "GRACE" | FileRefusal | "no-file";

type CheckFacts = {
  /** Whether the app may run. */
  valid: boolean;
  /** For the person in front of the app: what is so, and what to do. */
  message: string;
  /** Whether asking again later can give another answer without a change at the app. */
  retryable: boolean;
  license: License | null;
  device: Device | null;
  /** Until when the kept file counts without the server; null = there is none, or it counts as long as the license. */
  offlineUntil: Date | null;
};

/** The one answer of the client. Only `source: "server"` is the last word: with `"file"`, `trouble` says why it was not heard. */
export type Check =
  | (CheckFacts & { source: "server"; reason: ServerReason; serverTime: Date; trouble: null })
  | (CheckFacts & {
      source: "file";
      reason: FileReason;
      trouble: Trouble;
    });
export type ServerCheck = Extract<Check, { source: "server" }>;

/** The server's answer to one of the license calls; trouble when it is none, or not to the question with this `nonce`. */
export function readCheck(body: Json, nonce: string): ServerCheck | Trouble {
  const valid = asBoolean(body.valid);
  const code = asText(body.code);
  const serverTime = asInstant(body.serverTime);
  const answered = asObject(body.license);
  const license = answered && readLicense(answered.id, answered);
  if (valid === null || code === null || !serverTime || (answered && !license))
    return trouble("not-an-answer", { status: 200 });
  if (body.nonce !== nonce) return trouble("wrong-nonce", { status: 200 });
  const device = asObject(body.device);
  return {
    source: "server",
    valid,
    reason: serverReasons.find((known) => known === code) ?? "OTHER",
    message: asText(body.message) ?? code,
    retryable: asBoolean(body.retryable) ?? false,
    license,
    device: device && readDevice(device.id, device),
    offlineUntil: null,
    serverTime,
    trouble: null,
  };
}

/** The answer to a key the server does not know; `refusal` is its problem `license_not_found`. */
export function notFound(refusal: Trouble, now: Date): ServerCheck {
  return {
    source: "server",
    valid: false,
    reason: "LICENSE_NOT_FOUND",
    message: refusal.message,
    retryable: false,
    license: null,
    device: null,
    offlineUntil: null,
    serverTime: now,
    trouble: null,
  };
}

/** Until when `file` counts with the grace the app gives; null = as long as the license. */
export function lastInstant({ expiry }: GoodFile, offlineGraceHours: number): Date | null {
  return expiry && new Date(expiry.getTime() + offlineGraceHours * 3_600_000);
}

/** What `file`, judged at `now`, says in the server's place; null where there is none. */
export function fileCheck(file: FileCheck | null, cause: Trouble, offlineGraceHours: number): Check {
  if (file?.ok) {
    const { code, license, device } = file;
    const offlineUntil = lastInstant(file, offlineGraceHours);
    const message =
      code === "VALID"
        ? "The license is good; the license server was not asked."
        : "The license works while its renewal is awaited; the license server was not asked.";
    const facts = { valid: true, retryable: false, license, device };
    return { source: "file", reason: code, message, ...facts, offlineUntil, trouble: cause };
  }
  const reason = file?.reason ?? "no-file";
  const remedy = reason === "no-file" ? "" : ` ${fileRefusals[reason]}`;
  return {
    source: "file",
    valid: false,
    reason,
    message: `${cause.message}${remedy}`,
    retryable: true,
    license: null,
    device: null,
    offlineUntil: null,
    trouble: cause,
  };
}
