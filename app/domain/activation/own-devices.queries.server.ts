import { isActive } from "#app/domain/activation/device.ts";
import { ownReleases, readReleasePolicy } from "#app/domain/activation/release-own-device.server.ts";
import {
  judgeRelease,
  releasePolicyWords,
  releaseRefusalWords,
} from "#app/domain/activation/release-rule.ts";
import { canBeId } from "#app/domain/search-text.ts";
import { db } from "#app/infra/db.server.ts";

/** A device as the owner of its license sees it. */
export type OwnDevice = {
  id: string;
  name: string | null;
  platform: string | null;
  appVersion: string | null;
  firstSeenAt: Date;
  lastSeenAt: Date;
  /** A floating seat of an app that is silent is free, though the device is not released. */
  usesSeat: boolean;
};

export type OwnDevices = {
  /** The last seen first; at most `shownDevices`. */
  devices: OwnDevice[];
  total: number;
  release: {
    /** Whether one more may be released now. */
    allowed: boolean;
    /** What the policy allows, and when a refusal ends. */
    words: string;
  };
};

/** More than this are for staff and the API to go through. */
export const shownDevices = 50;

/** The devices of a license of this customer that are not released; null when the license is not theirs. */
export async function listOwnDevices(about: {
  licenseId: string;
  customerId: string;
  now: Date;
}): Promise<OwnDevices | null> {
  const { licenseId, customerId, now } = about;
  if (!canBeId(licenseId)) return null;
  const policy = await readReleasePolicy(db(), { licenseId, customerId });
  if (!policy) return null;
  const where = { licenseId, releasedAt: null };
  const [rows, total, releases] = await Promise.all([
    db().activation.findMany({
      where,
      omit: { fingerprintHmac: true, fingerprintCiphertext: true },
      orderBy: [{ lastSeenAt: "desc" }, { id: "asc" }],
      take: shownDevices,
    }),
    db().activation.count({ where }),
    ownReleases(db(), licenseId, policy, now),
  ]);
  const verdict = judgeRelease({ ...policy, releases, now });
  const isUsedUp = !verdict.allowed && verdict.retryAt !== null;
  return {
    devices: rows.map(({ id, name, platform, appVersion, firstSeenAt, lastSeenAt, ...row }) => ({
      ...{ id, name, platform, appVersion, firstSeenAt, lastSeenAt },
      usesSeat: isActive(row, now),
    })),
    total,
    release: {
      allowed: verdict.allowed,
      words: isUsedUp ? releaseRefusalWords(verdict) : releasePolicyWords(policy),
    },
  };
}
