import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { FileDevice, FileLicense } from "#app/domain/license-file/license-file.ts";

export const madeAt = new Date("2026-11-21T10:00:00.000Z");
export const hours = (count: number, from: Date = madeAt) => new Date(from.getTime() + count * 3_600_000);

export const licenseKey = "LUMEN-7Q2M9-XK4TP-0WZ3H-8VB6N-5DRJC-EF";
export const device: FileDevice = {
  id: "act_01kaq0",
  name: "Anna's laptop",
  platform: "linux",
  fingerprint: "5f2b7c9e Grüße/+=",
};

/** A license for a year from `madeAt` on, whose files are good for a day. */
export function aFileLicense(overrides: Partial<FileLicense> = {}): FileLicense {
  return {
    id: "lic_01kaq1",
    facts: {
      term: "days",
      issuedAt: madeAt,
      paidUntil: hours(24 * 365),
      extendedUntil: null,
      graceUntil: null,
      revokedAt: null,
      holds: [],
      firstActivatedAt: madeAt,
    },
    product: { id: "prod_1", number: 1, slug: "lumen", name: "Lumen" },
    policy: { slug: "lumen-pro", offlineHours: 24 },
    deviceLimit: 3,
    entitlements: { export: true, channels: 8 },
    updatesUntil: hours(24 * 365),
    ...overrides,
  };
}

/** What `docs/offline/verify.ts` and `verify.py` take and answer. */
export type Check = {
  publicKeys: string[];
  product: string;
  fingerprint: string;
  licenseKey?: string;
  now: Date;
  lastSeen?: Date;
};
export type Verdict = { license: Record<string, unknown> } | { reason: string };

type Sample = { verifyFile(text: string, check: Check): Record<string, unknown> };

/** The TypeScript sample of the documentation, as an app would use it. */
export async function loadTypescriptSample(): Promise<(text: string, check: Check) => Verdict> {
  const file = pathToFileURL(resolve("docs/offline/verify.ts")).href;
  const { verifyFile } = (await import(file)) as Sample; // what the file exports; tsc checks it on its own
  return (text, check) => {
    try {
      return { license: verifyFile(text, check) };
    } catch (error) {
      if (error instanceof Error && "reason" in error) return { reason: String(error.reason) };
      throw error;
    }
  };
}
