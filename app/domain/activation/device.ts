/** A device that runs, or ran, on a license. Instants are UTC. */
export type Device = {
  id: string;
  name: string | null;
  platform: string | null;
  hostname: string | null;
  appVersion: string | null;
  firstSeenAt: Date;
  lastSeenAt: Date;
  /** A floating seat is held until then; null = until it is released. */
  leaseUntil: Date | null;
  releasedAt: Date | null;
};

/** Whether it takes a seat at `now`: neither released nor, where seats are floating, silent for longer than its lease. */
export function isActive(device: Pick<Device, "leaseUntil" | "releasedAt">, now: Date): boolean {
  return device.releasedAt === null && (device.leaseUntil === null || device.leaseUntil > now);
}

/** Whether one more device fits; `deviceLimit` null = any number. */
export function hasFreeSeat(license: { deviceLimit: number | null; activeDevices: number }): boolean {
  return license.deviceLimit === null || license.activeDevices < license.deviceLimit;
}

export const maxFingerprintLength = 256;
