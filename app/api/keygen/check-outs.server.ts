import { randomUUID } from "node:crypto";
import { z } from "zod";
import { type Answer, type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { iso } from "#app/api/iso.ts";
import {
  type Asking,
  wishBody as body,
  licenseIncludes,
  machineIncludes,
  wishQuery as query,
  requireTerm,
  type Wish,
  wishOf,
} from "#app/api/keygen/check-out-wish.server.ts";
import { entitlementResources } from "#app/api/keygen/entitlements.server.ts";
import {
  machineQuestion,
  requireLicense,
  requireMachine,
  requireWorking,
  requireWorkingHolder,
} from "#app/api/keygen/holder.server.ts";
import {
  accountLink,
  licenseResource,
  linked,
  machineResource,
  policyResource,
  productResource,
  type Setting,
  type ShownLicense,
} from "#app/api/keygen/resources.ts";
import { account } from "#app/api/keygen/validations.server.ts";
import { readFingerprint } from "#app/domain/activation/device-fingerprint.queries.server.ts";
import { uuidOf } from "#app/domain/ids.ts";
import { sealLicenseFile, sealMachineFile } from "#app/domain/license-file/license-file.server.ts";
import type { FileTerm } from "#app/domain/license-file/license-file.ts";

type File = { certificate: string; term: FileTerm; wish: Wish; filename: string };

async function checkOutLicense(call: Asking & InLicense): Promise<File & { license: ShownLicense }> {
  const { now, params } = call;
  const license = await requireLicense(call, params.license);
  requireWorking(license, now);
  const wish = wishOf(call, licenseIncludes);
  const term = requireTerm(license, now, wish);
  const context = { account: params.account, now };
  const certificate = await sealLicenseFile({
    document: {
      meta: metaOf(term),
      data: licenseResource(license, context),
      included: includedOf(license, wish.include, context),
    },
    licenseKey: wish.encrypt ? license.key : null,
  });
  return { certificate, term, wish, license, filename: `${uuidOf(license.id)}.lic` };
}

async function checkOutMachine(call: Asking & InMachine): Promise<File & { license: ShownLicense }> {
  const { now, params } = call;
  const license = await requireWorkingHolder(call, machineQuestion(params.machine));
  const device = requireMachine(license, now);
  const wish = wishOf(call, machineIncludes);
  const term = requireTerm(license, now, wish);
  const context = { account: params.account, now };
  const fingerprint = await readFingerprint(device.id);
  const ofLicense = wish.include.flatMap((name) => (name.startsWith("license.") ? name.slice(8) : []));
  const included = wish.include.some((name) => name.startsWith("license"))
    ? [licenseResource(license, context), ...includedOf(license, ofLicense, context)]
    : [];
  const certificate = await sealMachineFile({
    document: {
      meta: metaOf(term),
      data: machineResource({ ...device, fingerprint }, license, context),
      included,
    },
    licenseKey: wish.encrypt ? license.key : null,
    fingerprint,
  });
  return { certificate, term, wish, license, filename: `${uuidOf(device.id)}.lic` };
}

function metaOf({ issued, expiry, ttlSeconds }: FileTerm) {
  return { issued: iso(issued), expiry: iso(expiry), ttl: ttlSeconds };
}

/** Who owns a license, its group and its environment are never told to a key holder, so those give nothing. */
function includedOf(license: ShownLicense, names: readonly string[], context: Setting): object[] {
  return [
    ...(names.includes("entitlements") ? entitlementResources(license, context) : []),
    ...(names.includes("product") ? [productResource(license, context)] : []),
    ...(names.includes("policy") ? [policyResource(license, context)] : []),
  ];
}

type InLicense = { params: { account: string; license: string } };
type InMachine = { params: { account: string; machine: string } };

function fileAnswer(
  kind: "license" | "machine",
  call: { params: { account: string } },
  { certificate, term, wish, license }: File & { license: ShownLicense },
): Answer {
  const { account } = call.params;
  const licensePath = `/v1/accounts/${account}/licenses/${uuidOf(license.id)}`;
  const { device } = license;
  return {
    status: 200,
    body: {
      data: {
        id: randomUUID(),
        type: `${kind}-files`,
        attributes: {
          certificate,
          algorithm: wish.encrypt ? "aes-256-gcm+ed25519" : "base64+ed25519",
          includes: wish.include,
          ...metaOf(term),
        },
        relationships: {
          account: accountLink(account),
          license: linked(licensePath, "licenses", uuidOf(license.id)),
          ...(kind === "machine" &&
            device && {
              machine: linked(
                `/v1/accounts/${account}/machines/${uuidOf(device.id)}`,
                "machines",
                uuidOf(device.id),
              ),
            }),
        },
      },
    },
  };
}

function download({ certificate, filename }: File): Answer {
  return {
    status: 200,
    text: certificate,
    headers: {
      "Content-Type": "application/octet-stream",
      "Content-Disposition": `attachment; filename="${filename}"`,
    },
  };
}

const licensePath = "/v1/accounts/:account/licenses/:license/actions/check-out";
const machinePath = "/v1/accounts/:account/machines/:machine/actions/check-out";
const ofLicense = z.object({ account, license: z.string().max(300) });
const ofMachine = z.object({ account, machine: z.string().max(300) });

/** Signed files for use without a connection. https://keygen.sh/docs/api/cryptography/#cryptographic-lic */
export const checkOuts: readonly Endpoint[] = [
  endpoint({
    ...{
      method: "POST",
      path: licensePath,
      access: "public",
      params: ofLicense,
      query,
      body,
      bodyOptional: true,
    },
    summary: "A license file",
    handle: async (call) => fileAnswer("license", call, await checkOutLicense(call)),
  }),
  endpoint({
    ...{ method: "GET", path: licensePath, access: "public", params: ofLicense, query },
    summary: "The same as a download",
    handle: async (call) => download(await checkOutLicense(call)),
  }),
  endpoint({
    ...{
      method: "POST",
      path: machinePath,
      access: "public",
      params: ofMachine,
      query,
      body,
      bodyOptional: true,
    },
    summary: "A machine file, for one device",
    handle: async (call) => fileAnswer("machine", call, await checkOutMachine(call)),
  }),
  endpoint({
    ...{ method: "GET", path: machinePath, access: "public", params: ofMachine, query },
    summary: "The same as a download",
    handle: async (call) => download(await checkOutMachine(call)),
  }),
];
