import { asBoolean, asInstant, asNumber, asObject, asText, type Json } from "./json.ts";

/** What a key holder may know of a license. Instants are UTC. */
export type License = {
  id: string;
  /** Slug of the product. */
  product: string;
  /** Slug of the policy: the edition that was bought. */
  policy: string;
  /** `unused`, `active`, `expiring`, `grace`, `expired`, `suspended` or `revoked`; in a file, as it was when the file was made. */
  status: string | null;
  /** The end that counts; null = no end. */
  validUntil: Date | null;
  /** The last instant at which it works, grace included; null = no end. */
  worksUntil: Date | null;
  /** Versions released until then are included; null = all. */
  updatesUntil: Date | null;
  entitlements: Record<string, unknown>;
  /** null = any number of devices. */
  deviceLimit: number | null;
  /** Only the server knows: null in a file. */
  activeDevices: number | null;
  /** Whether seats are held by heartbeats; null in a file. */
  floating: boolean | null;
  /** How long a floating seat is held after a heartbeat; null where seats are not floating, and in a file. */
  leaseSeconds: number | null;
};

/** The device this runs on, as the license knows it. Instants are UTC. */
export type Device = {
  id: string;
  name: string | null;
  platform: string | null;
  hostname: string | null;
  appVersion: string | null;
  /** Only the server knows: null in a file. */
  firstSeenAt: Date | null;
  lastSeenAt: Date | null;
  /** A floating seat is held until then; null = until it is released. */
  leaseUntil: Date | null;
};

/** The license that `fields` describe; null when what makes it one is missing or is of another type. */
export function readLicense(id: unknown, fields: Json): License | null {
  const license: License = {
    id: asText(id) ?? "",
    product: asText(fields.product) ?? "",
    policy: asText(fields.policy) ?? "",
    status: asText(fields.status),
    validUntil: asInstant(fields.validUntil),
    worksUntil: asInstant(fields.worksUntil),
    updatesUntil: asInstant(fields.updatesUntil),
    entitlements: asObject(fields.entitlements) ?? {},
    deviceLimit: asNumber(fields.deviceLimit),
    activeDevices: asNumber(fields.activeDevices),
    floating: asBoolean(fields.floating),
    leaseSeconds: asNumber(fields.leaseSeconds),
  };
  if (!license.id || !license.product) return null;
  // An end that cannot be read must not pass for "no end".
  const ends = ["validUntil", "worksUntil", "updatesUntil"] as const;
  return ends.every((end) => isNullOrInstant(fields[end])) ? license : null;
}

function isNullOrInstant(value: unknown): boolean {
  return value === null || asInstant(value) !== null;
}

/** The device that `fields` describe; null without an id. */
export function readDevice(id: unknown, fields: Json): Device | null {
  const deviceId = asText(id);
  if (!deviceId) return null;
  return {
    id: deviceId,
    name: asText(fields.name),
    platform: asText(fields.platform),
    hostname: asText(fields.hostname),
    appVersion: asText(fields.appVersion),
    firstSeenAt: asInstant(fields.firstSeenAt),
    lastSeenAt: asInstant(fields.lastSeenAt),
    leaseUntil: asInstant(fields.leaseUntil),
  };
}
