import { asInstant, parseObject } from "./json.ts";
import type { License } from "./license.ts";
import { hex, sha256, utf8 } from "./platform-crypto.ts";
import type { Settings } from "./settings.ts";
import { type FileCheck, type GoodFile, verifyFile } from "./verify-file.ts";

/** The files this device keeps, one for each license key, and the times it has seen. */
export function createKeptFiles(settings: Settings) {
  const { storage, product, crypto } = settings;

  /** The key itself is not written into the name: storages are easily read. */
  async function nameOf(licenseKey: string): Promise<string> {
    const digest = await sha256(crypto, utf8(`latchkey file ${product} ${licenseKey.trim()}`));
    return `latchkey.${product}.file.${hex(digest).slice(0, 32)}`;
  }

  async function verify(text: string, licenseKey: string, now: Date, lastSeenTime: Date | null) {
    const { publicKeys, offlineGraceHours } = settings;
    const fingerprint = await settings.fingerprint();
    const terms = { publicKeys, product, offlineGraceHours, crypto };
    return verifyFile(text, { ...terms, fingerprint, licenseKey, now, lastSeenTime });
  }

  const seenName = `latchkey.${product}.seen`;

  async function seenTimes(): Promise<{ server: Date | null; here: Date | null }> {
    const kept = parseObject((await storage.get(seenName)) ?? "");
    return { server: asInstant(kept?.server), here: asInstant(kept?.here) };
  }

  /** The server's time is the truth: it only moves forward, and what this device's own clock said before is forgotten. */
  async function noteServerTime(at: Date): Promise<void> {
    const { server } = await seenTimes();
    await storage.set(seenName, JSON.stringify({ server: latest(server, at), here: null }));
  }

  return {
    /** The kept file judged at this moment; null where there is none. A good one moves the time seen to now. */
    async judge(licenseKey: string): Promise<FileCheck | null> {
      const text = await storage.get(await nameOf(licenseKey));
      if (text === null) return null;
      const now = settings.now();
      const { server, here } = await seenTimes();
      const file = await verify(text, licenseKey, now, latest(server, here));
      // Without a server this is what betrays a clock that is set back day by day to stay within the file's term. A
      // clock that was ahead by mistake can lead no further than that term, and only until the server is heard again.
      if (file.ok) await storage.set(seenName, JSON.stringify({ server, here: latest(here, now) }));
      return file;
    },
    /**
     * Keeps `text` if it is a good file for this key and device, judged at `now`; says why not otherwise. A file made
     * after everything heard so far is the server's word on the time, too.
     */
    async keep(text: string, licenseKey: string, now: Date): Promise<FileCheck> {
      const { server } = await seenTimes();
      const file = await verify(text, licenseKey, now, server);
      if (!file.ok) return file;
      await storage.set(await nameOf(licenseKey), text);
      if (!server || file.issued > server) await noteServerTime(file.issued);
      return file;
    },
    /** The kept file if it is good at `now`, the server's time; it leaves the time seen alone. */
    async read(licenseKey: string, now: Date): Promise<GoodFile | null> {
      const text = await storage.get(await nameOf(licenseKey));
      const file = text === null ? null : await verify(text, licenseKey, now, null);
      return file?.ok ? file : null;
    },
    async forget(licenseKey: string): Promise<void> {
      await storage.remove(await nameOf(licenseKey));
    },
    noteServerTime,
  };
}

function latest(a: Date | null, b: Date | null): Date | null {
  if (!a || !b) return a ?? b;
  return a > b ? a : b;
}

/** Whether half of its term has passed at `now`, or what it says of the license is no longer so. */
export function isRefreshDue({ issued, expiry, license }: GoodFile, current: License, now: Date): boolean {
  const isPastHalf = expiry !== null && now.getTime() > (issued.getTime() + expiry.getTime()) / 2;
  return isPastHalf || factsOf(license) !== factsOf(current);
}

/** What an app goes by: when one of these changes, an older file misleads it. */
function factsOf({
  policy,
  validUntil,
  worksUntil,
  updatesUntil,
  deviceLimit,
  entitlements,
}: License): string {
  const named = Object.entries(entitlements).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([policy, validUntil, worksUntil, updatesUntil, deviceLimit, named]);
}
