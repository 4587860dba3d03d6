import { type Check, fileCheck, lastInstant, notFound, readCheck, type ServerCheck } from "./check.ts";
import { type DeviceDescription, describeDevice } from "./device-description.ts";
import { type HoldEnd, type HoldOptions, holdSeat } from "./hold-seat.ts";
import { asBoolean, asInstant, asText, type Json } from "./json.ts";
import { createKeptFiles, isRefreshDue } from "./kept-files.ts";
import type { License } from "./license.ts";
import { writeOfflineRequest } from "./offline-request.ts";
import { randomHex, UnsupportedPlatformError } from "./platform-crypto.ts";
import { type CallOptions, createServerCalls } from "./server-call.ts";
import { type ClientOptions, type Settings, settle } from "./settings.ts";
import { type Trouble, trouble } from "./trouble.ts";
import type { FileCheck, GoodFile } from "./verify-file.ts";

type Abortable = { signal?: AbortSignal | undefined };

/** `released` is true when a seat was freed now; `trouble` says why the server was not heard, or what it refused. */
export type Release = { released: boolean; trouble: Trouble | null };

/** What came of asking for a file: the file, why it does not count, or why the server gave none. */
export type FileRefresh =
  | FileCheck
  | { ok: false; reason: Trouble["kind"]; message: string; trouble: Trouble };

export type LatchkeyClient = {
  /**
   * Whether the license works on this device: the server's word, or in its place that of the kept file. Trouble with the
   * network or the server never counts against the license.
   */
  validate(licenseKey: string, options?: Abortable): Promise<Check>;
  /** Takes a seat for this device; safe to repeat. `DEVICE_LIMIT_REACHED` when there is none. */
  activate(
    licenseKey: string,
    options?: Abortable & { device?: DeviceDescription | undefined },
  ): Promise<Check>;
  /** Frees this device's seat and forgets its file; safe to repeat. */
  deactivate(licenseKey: string, options?: Abortable): Promise<Release>;
  /** One heartbeat of a floating seat. */
  heartbeat(licenseKey: string, options?: Abortable): Promise<Check>;
  /** Heartbeats until `signal` is aborted or the seat is lost; resolves with what ended it. */
  holdSeat(licenseKey: string, options: HoldOptions): Promise<HoldEnd>;
  /** Fetches a new file. `validate` and `activate` do it by themselves when half of the kept one's term has passed. */
  refreshFile(
    licenseKey: string,
    options?: Abortable & { ttlSeconds?: number | undefined },
  ): Promise<FileRefresh>;
  /** Keeps a file a person got from the server's page `/offline`, if it is good here and now. */
  importFile(licenseKey: string, text: string): Promise<FileCheck>;
  /** The text to paste or scan on the server's page `/offline`. Holds the license key. */
  offlineRequest(licenseKey: string): Promise<string>;
  /** What tells this device from others. */
  fingerprint(): Promise<string>;
};

/**
 * A client for one product. No method throws for trouble with network, server, license or file: all that is in the answer.
 * They throw when their `signal` is aborted, and what a storage or fingerprint of your own throws.
 * @throws TypeError for a wrong option; UnsupportedPlatformError where there is no WebCrypto.
 */
export function createLatchkeyClient(options: ClientOptions): LatchkeyClient {
  const settings = settle(options);
  const files = createKeptFiles(settings);
  const ask = createQuestions(settings);
  const filesRefusedAt = new Map<string, number>();

  async function fallBack(key: string, cause: Trouble): Promise<Check> {
    return fileCheck(await files.judge(key), cause, settings.offlineGraceHours);
  }

  /** The server's answer is the last word: what it refuses has no file here any more. */
  async function settleAnswer(
    key: string,
    answer: ServerCheck | Trouble,
    signal?: AbortSignal,
  ): Promise<Check> {
    if (!isCheck(answer)) return fallBack(key, answer);
    if (answer.reason !== "LICENSE_NOT_FOUND") await files.noteServerTime(answer.serverTime);
    if (!answer.valid) await files.forget(key);
    if (!answer.valid || !answer.license || !answer.device) return answer;
    const file = await freshFile(key, answer.license, answer.serverTime, signal);
    return { ...answer, offlineUntil: file && lastInstant(file, settings.offlineGraceHours) };
  }

  /**
   * The kept file, renewed when that is due. One attempt: the answer the person waits for is already there. A server that
   * gives no files, or a platform that cannot check them, is not asked again for an hour.
   */
  async function freshFile(
    key: string,
    license: License,
    now: Date,
    signal: AbortSignal | undefined,
  ): Promise<GoodFile | null> {
    const kept = await files.read(key, now);
    if (kept && !isRefreshDue(kept, license, now)) return kept;
    const refusedAt = filesRefusedAt.get(key);
    if (refusedAt !== undefined && performance.now() - refusedAt < 3_600_000) return kept;
    const fresh = await refresh(key, {}, { signal, retries: 0 }).catch((error: unknown) => {
      if (error instanceof UnsupportedPlatformError) return null;
      throw error;
    });
    if (fresh?.ok) return fresh;
    if (!fresh || fresh.reason === "refused-call") filesRefusedAt.set(key, performance.now());
    return kept;
  }

  async function refresh(
    key: string,
    wish: { ttlSeconds?: number | undefined },
    options: CallOptions,
  ): Promise<FileRefresh> {
    const answer = await ask.plain("check-out", key, { encrypted: settings.encryptFiles, ...wish }, options);
    if (!answer.ok) return refused(answer.trouble);
    const { valid, code, message } = answer.body;
    if (valid === false) {
      await files.forget(key);
      const words = asText(message);
      return refused(
        trouble("refused-call", { status: 200, code: asText(code), ...(words && { message: words }) }),
      );
    }
    const issued = asInstant(answer.body.issued);
    const certificate = asText(answer.body.certificate);
    if (!issued || certificate === null) return refused(trouble("not-an-answer", { status: 200 }));
    // Judged at the server's time: a clock that is wrong here may be set right before the file is needed.
    return files.keep(certificate, key, issued);
  }

  async function beat(key: string, { signal }: Abortable = {}): Promise<Check> {
    const { appVersion } = describeDevice(settings.device);
    return settleAnswer(key, await ask.check("heartbeat", key, { appVersion }, { signal }), signal);
  }

  return {
    async validate(key, { signal } = {}) {
      return settleAnswer(key, await ask.check("validate", key, {}, { signal }), signal);
    },
    async activate(key, { signal, device } = {}) {
      const fields = describeDevice({ ...settings.device, ...device });
      return settleAnswer(key, await ask.check("activate", key, fields, { signal }), signal);
    },
    async deactivate(key, { signal } = {}) {
      const answer = await ask.plain("deactivate", key, {}, { signal });
      if (!answer.ok) return { released: false, trouble: answer.trouble };
      await files.forget(key);
      return { released: asBoolean(answer.body.released) ?? false, trouble: null };
    },
    heartbeat: beat,
    holdSeat: (key, hold) => holdSeat((signal) => beat(key, { signal }), hold),
    refreshFile: (key, { signal, ttlSeconds } = {}) => refresh(key, { ttlSeconds }, { signal }),
    async importFile(key, text) {
      const file = await files.keep(text, key, settings.now());
      return file.ok ? ((await files.judge(key)) ?? file) : file;
    },
    async offlineRequest(key) {
      const { product, device } = settings;
      return writeOfflineRequest({ key, product, fingerprint: await settings.fingerprint(), device });
    },
    fingerprint: settings.fingerprint,
  };
}

/** The questions about a license on this device, each with a nonce of its own where the answer is judged. */
function createQuestions(settings: Settings) {
  const call = createServerCalls(settings);

  async function plain(path: string, key: string, fields: Json, options: CallOptions) {
    const { product } = settings;
    const fingerprint = await settings.fingerprint();
    return call(path, { product, key: key.trim(), fingerprint, ...fields }, options);
  }

  async function check(
    path: string,
    key: string,
    fields: Json,
    options: CallOptions,
  ): Promise<ServerCheck | Trouble> {
    const nonce = randomHex(settings.crypto, 16);
    const answer = await plain(path, key, { ...fields, nonce }, options);
    if (answer.ok) return readCheck(answer.body, nonce);
    const isUnknown = answer.trouble.status === 404 && answer.trouble.code === "license_not_found";
    return isUnknown ? notFound(answer.trouble, settings.now()) : answer.trouble;
  }

  return { plain, check };
}

function isCheck(answer: ServerCheck | Trouble): answer is ServerCheck {
  return "source" in answer;
}

function refused(cause: Trouble): FileRefresh {
  return { ok: false, reason: cause.kind, message: cause.message, trouble: cause };
}
