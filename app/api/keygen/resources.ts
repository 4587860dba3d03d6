import { clientExpiry } from "#app/api/client-expiry.ts";
import { iso } from "#app/api/iso.ts";
import type { Device } from "#app/domain/activation/device.ts";
import type { FoundLicense } from "#app/domain/activation/found-license.ts";
import { judgeCheck } from "#app/domain/activation/judge-check.ts";
import { uuidOf } from "#app/domain/ids.ts";
import type { LicenseStatus } from "#app/domain/license/assess-license.ts";

/** What every resource of an answer needs to know besides itself. */
export type Setting = {
  /** As the client wrote it: there is one account, and any name for it will do. */
  account: string;
  now: Date;
};

export type ShownLicense = FoundLicense & {
  /** As it was handed out. */
  key: string;
  /** What the vendor keeps with it is told to holders of an API key only. */
  showsMetadata: boolean;
};

const statuses: Record<LicenseStatus, string> = {
  unused: "ACTIVE",
  active: "ACTIVE",
  expiring: "EXPIRING",
  grace: "EXPIRING",
  expired: "EXPIRED",
  suspended: "SUSPENDED",
  revoked: "SUSPENDED",
};

/** Attributes in Keygen's order; null or a fixed value where we have nothing of the kind. */
export function licenseResource(license: ShownLicense, { account, now }: Setting) {
  const id = uuidOf(license.id);
  const path = `/v1/accounts/${account}/licenses/${id}`;
  const verdict = judgeCheck(license, now);
  const { status } = verdict;
  return {
    id,
    type: "licenses",
    attributes: {
      ...{
        name: null,
        key: license.key,
        expiry: iso(clientExpiry(verdict)),
        status: statuses[status],
        uses: 0,
      },
      suspended: status === "suspended" || status === "revoked",
      ...{ scheme: null, encrypted: false, strict: false, floating: true, protected: true, version: null },
      ...{ maxMachines: license.deviceLimit, maxProcesses: null, maxUsers: null, maxCores: null },
      ...{ maxMemory: null, maxDisk: null, maxUses: null },
      ...{ requireHeartbeat: license.leaseSeconds !== null, requireCheckIn: false },
      ...{ lastValidated: null, lastCheckIn: null, nextCheckIn: null, lastCheckOut: null },
      metadata: license.showsMetadata ? license.metadata : {},
      created: iso(license.createdAt),
      updated: iso(license.updatedAt),
    },
    relationships: {
      account: accountLink(account),
      product: linked(`${path}/product`, "products", uuidOf(license.product.id)),
      policy: linked(`${path}/policy`, "policies", uuidOf(license.policy.id)),
      group: { links: { related: `${path}/group` }, data: null },
      owner: { links: { related: `${path}/owner` }, data: null },
      users: { links: { related: `${path}/users` }, meta: { count: 0 } },
      machines: {
        links: { related: `${path}/machines` },
        meta: { cores: 0, memory: 0, disk: 0, count: license.activeDevices },
      },
      tokens: { links: { related: `${path}/tokens` } },
      entitlements: { links: { related: `${path}/entitlements` } },
    },
    links: { self: path },
  };
}

export type ShownDevice = Device & { fingerprint: string };

export function machineResource(device: ShownDevice, license: FoundLicense, { account, now }: Setting) {
  const id = uuidOf(device.id);
  const path = `/v1/accounts/${account}/machines/${id}`;
  const { leaseSeconds } = license;
  const beats = leaseSeconds !== null;
  return {
    id,
    type: "machines",
    attributes: {
      ...{ fingerprint: device.fingerprint, cores: null, memory: null, disk: null, ip: null },
      ...{ hostname: device.hostname, platform: device.platform, name: device.name },
      requireHeartbeat: beats,
      heartbeatStatus: heartbeatStatus(device, now),
      heartbeatDuration: leaseSeconds,
      ...{ maxProcesses: null, lastCheckOut: null },
      lastHeartbeat: beats ? iso(device.lastSeenAt) : null,
      nextHeartbeat: iso(device.leaseUntil),
      metadata: {},
      created: iso(device.firstSeenAt),
      updated: iso(device.lastSeenAt),
    },
    relationships: {
      account: accountLink(account),
      product: linked(`${path}/product`, "products", uuidOf(license.product.id)),
      group: { links: { related: `${path}/group` }, data: null },
      license: linked(`${path}/license`, "licenses", uuidOf(license.id)),
      owner: { links: { related: `${path}/owner` }, data: null },
      components: { links: { related: `${path}/components` } },
      processes: { links: { related: `${path}/processes` } },
    },
    links: { self: path },
  };
}

function heartbeatStatus({ leaseUntil }: Device, now: Date) {
  if (leaseUntil === null) return "NOT_STARTED";
  return leaseUntil > now ? "ALIVE" : "DEAD";
}

export function productResource({ product }: FoundLicense, { account }: Setting) {
  const id = uuidOf(product.id);
  return {
    id,
    type: "products",
    attributes: { name: product.name, code: product.slug, metadata: {} },
    relationships: { account: accountLink(account) },
    links: { self: `/v1/accounts/${account}/products/${id}` },
  };
}

export function policyResource(license: FoundLicense, { account }: Setting) {
  const id = uuidOf(license.policy.id);
  const path = `/v1/accounts/${account}/policies/${id}`;
  return {
    id,
    type: "policies",
    attributes: {
      ...{ name: license.policy.name, strict: false, floating: true, scheme: null, encrypted: false },
      ...{ maxMachines: license.deviceLimit, requireHeartbeat: license.leaseSeconds !== null },
      ...{ heartbeatDuration: license.leaseSeconds, metadata: {} },
    },
    relationships: {
      account: accountLink(account),
      product: linked(`${path}/product`, "products", uuidOf(license.product.id)),
    },
    links: { self: path },
  };
}

export function accountLink(account: string) {
  return linked(`/v1/accounts/${account}`, "accounts", account);
}

export function linked(related: string, type: string, id: string) {
  return { links: { related }, data: { type, id } };
}
