import { z } from "zod";
import { fullRecord, licenseRecord } from "#app/api/authforge/license-records.ts";
import { type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { Problem } from "#app/api/problem.ts";
import { programAct } from "#app/api/program-act.ts";
import { releaseAllDevices } from "#app/domain/activation/release-device.server.ts";
import { createLicenses } from "#app/domain/license/create-licenses.server.ts";
import { revoke, setEnd } from "#app/domain/license/manage-license.server.ts";
import {
  findManagedLicense,
  listManagedLicenses,
} from "#app/domain/license/managed-license.queries.server.ts";
import { resolvePolicy, resolveProduct } from "#app/domain/product/resolve-policy.server.ts";

const appId = z.string().trim().min(1).max(128);
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const params = z.object({ licenseKey: z.string().trim().min(1).max(128) });

const foreignApp = () =>
  new Problem("forbidden", "There is no app with this appId. Use the slug or the id of a product.");

async function requireLicense(licenseKey: string, now: Date) {
  const found = await findManagedLicense(licenseKey, now);
  if (found) return found;
  throw new Problem("license_not_found", "There is no license with this key.");
}

const create = endpoint({
  method: "POST",
  path: "/v1/licenses",
  access: "licenses:write",
  summary: "Create licenses",
  body: z.object({
    appId,
    quantity: z.int().min(1).max(100).default(1),
    expiresAt: instant.nullable().default(null),
    maxHwidSlots: z.int().min(1).max(16).default(1),
    unlimitedHwidSlots: z.boolean().default(false),
    label: z.string().trim().max(128).nullish(),
  }),
  writes: true,
  async handle(call) {
    const { body, now } = call;
    if (!(await resolvePolicy(body.appId))) throw foreignApp();
    const { licenses } = await createLicenses({
      ...programAct(call),
      ...{ policy: body.appId, quantity: body.quantity, validUntil: body.expiresAt },
      deviceLimit: body.unlimitedHwidSlots ? null : body.maxHwidSlots,
      ...(body.label && { metadata: { label: body.label } }),
    });
    const records = licenses.map((license) => licenseRecord(license, now, body.appId));
    return { status: 201, body: { licenses: records } };
  },
});

const list = endpoint({
  method: "GET",
  path: "/v1/licenses",
  access: "licenses:read",
  summary: "List the licenses of an app, newest first",
  query: z.object({
    appId,
    limit: z.coerce.number().pipe(z.int().min(1).max(200)).default(50),
    cursor: z.string().max(300).optional(),
  }),
  async handle({ query, now }) {
    const { limit, cursor } = query;
    const isProduct = (await resolveProduct(query.appId)) !== null;
    if (!isProduct && !(await resolvePolicy(query.appId))) throw foreignApp();
    const filter = isProduct ? { product: query.appId } : { policy: query.appId };
    const page = await listManagedLicenses({ ...filter, limit, cursor: cursor || undefined }, now);
    const licenses = page.licenses.map((license) => licenseRecord(license, now, query.appId));
    return { status: 200, body: { licenses, cursor: page.nextCursor } };
  },
});

const read = endpoint({
  method: "GET",
  path: "/v1/licenses/:licenseKey",
  access: "licenses:read",
  summary: "Read a license with its devices",
  params,
  async handle({ params: { licenseKey }, now }) {
    return { status: 200, body: fullRecord(await requireLicense(licenseKey, now), now) };
  },
});

const update = endpoint({
  method: "PUT",
  path: "/v1/licenses/:licenseKey",
  access: "licenses:write",
  summary: "Revoke a license, or set its end",
  params,
  body: z.discriminatedUnion("action", [
    z.object({ action: z.literal("revoke") }),
    z.object({ action: z.literal("extend"), expiresAt: instant.nullable() }),
  ]),
  writes: true,
  async handle(call) {
    const { body, now } = call;
    const found = await requireLicense(call.params.licenseKey, now);
    const change = { ...programAct(call), licenseId: found.id };
    const license =
      body.action === "revoke" ? await revoke(change) : await setEnd({ ...change, end: body.expiresAt });
    return { status: 200, body: fullRecord({ ...found, ...license }, now) };
  },
});

const reset = endpoint({
  method: "POST",
  path: "/v1/licenses/:licenseKey/hwid/reset",
  access: "licenses:write",
  summary: "Free the seats of all devices",
  params,
  writes: true,
  async handle(call) {
    const found = await requireLicense(call.params.licenseKey, call.now);
    await releaseAllDevices({ ...programAct(call), licenseId: found.id });
    return { status: 200, body: fullRecord({ ...found, devices: [] }, call.now) };
  },
});

/** What a back end calls. https://docs.authforge.cc/api/licenses */
export const licenses: readonly Endpoint[] = [create, list, read, update, reset];
