import { z } from "zod";
import { type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { Problem } from "#app/api/problem.ts";
import { programAct } from "#app/api/program-act.ts";
import * as fields from "#app/api/v1/fields.server.ts";
import {
  ManagedDeviceAnswer,
  ManagedLicenseAnswer,
  managedAnswer,
  managedDeviceAnswer,
} from "#app/api/v1/managed-answer.server.ts";
import { releaseDevice } from "#app/domain/activation/release-device.server.ts";
import { createLicenses, maxCreatedAtOnce } from "#app/domain/license/create-licenses.server.ts";
import { defaultReason } from "#app/domain/license/managed-input.ts";
import {
  findManagedLicense,
  listManagedLicenses,
  type ManagedLicenseFilter,
} from "#app/domain/license/managed-license.queries.server.ts";

const create = endpoint({
  method: "POST",
  path: "/api/v1/licenses",
  access: "licenses:write",
  summary: "Create licenses",
  description:
    "Makes up to 100 licenses with keys of their own and the terms of a policy, for a customer or for nobody yet. Send an `Idempotency-Key` made of your sale, so that a repeated call makes no second set.",
  body: z.strictObject({
    policy: fields.reference.describe(
      "Slug, id, UUID or number of a policy; a product stands for its first policy",
    ),
    quantity: z.number().int().min(1).max(maxCreatedAtOnce).default(1).describe("How many; 1 unless given"),
    key: z
      .string()
      .trim()
      .min(1)
      .max(128)
      .optional()
      .describe(
        "A key that another system made, for `quantity` 1: it goes on unchanged. Left out = Latchkey makes the keys",
      ),
    customer: fields.customer.nullish().describe("null = nobody's yet"),
    validUntil: fields.instantInput
      .nullish()
      .describe(
        "When they end; null = never; left out = what the policy says. Past only for a license with a `key` of its own",
      ),
    deviceLimit: fields.deviceLimit
      .optional()
      .describe("null = any number of devices; left out = what the policy says"),
    metadata: fields.metadata.optional(),
    entitlements: z.record(z.string(), z.json()).optional().describe("Left out = what the policy says"),
    sendEmail: z
      .boolean()
      .optional()
      .describe("Whether the customer gets the keys by email; false unless given"),
    reason: fields.reason,
  }),
  answers: {
    201: {
      description: "The licenses, with their keys",
      schema: z.object({ orderId: z.string(), licenses: z.array(ManagedLicenseAnswer) }),
    },
  },
  writes: true,
  async handle(call) {
    const { orderId, licenses } = await createLicenses({
      ...call.body,
      ...programAct(call),
      reason: call.body.reason,
    });
    return {
      status: 201,
      body: { orderId, licenses: licenses.map((each) => managedAnswer(each, call.now)) },
    };
  },
});

const LicensePage = z.object({
  licenses: z.array(ManagedLicenseAnswer),
  nextCursor: z.string().nullable().describe("null = there are no more"),
});

const inMetadata = /^metadata\[(.+)\]$/;

const list = endpoint({
  method: "GET",
  path: "/api/v1/licenses",
  access: "licenses:read",
  summary: "List licenses",
  description:
    "The newest first. `metadata[name]=text` finds what a program noted, such as `metadata[subscription]=sub_1`. A key never belongs into an address: search for it with POST /api/v1/licenses/search.",
  query: z
    .object(fields.licenseFilters)
    .catchall(z.string())
    .superRefine((query, context) => {
      for (const name of Object.keys(query))
        if (!(name in fields.licenseFilters) && !inMetadata.test(name))
          context.addIssue({ code: "unrecognized_keys", keys: [name], input: query });
    }),
  answers: { 200: { description: "One page", schema: LicensePage } },
  handle: async ({ query, now }) => {
    const metadata = Object.entries(query).flatMap(([name, text]) => {
      const inner = inMetadata.exec(name)?.[1];
      return inner && typeof text === "string" ? [[inner, text] as const] : [];
    });
    return page({ ...query, metadata: Object.fromEntries(metadata) }, now);
  },
});

const search = endpoint({
  method: "POST",
  path: "/api/v1/licenses/search",
  access: "licenses:read",
  summary: "Search licenses, also by key",
  description: "The filters of the list, and those that do not belong into an address. Changes nothing.",
  body: z.strictObject({
    key: z.string().trim().min(1).max(128).optional().describe("As a person types it"),
    q: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .optional()
      .describe(
        "What staff would type into the search box: part of a key or address, an order number, an id of Stripe's",
      ),
    ...fields.licenseFilters,
    metadata: fields.metadata.optional(),
  }),
  answers: { 200: { description: "One page", schema: LicensePage } },
  handle: ({ body, now }) => page(body, now),
});

async function page(
  request: ManagedLicenseFilter & { limit: number; cursor?: string | undefined },
  now: Date,
) {
  const { licenses, nextCursor } = await listManagedLicenses(request, now);
  return { status: 200, body: { licenses: licenses.map((each) => managedAnswer(each, now)), nextCursor } };
}

const read = endpoint({
  method: "GET",
  path: "/api/v1/licenses/:id",
  access: "licenses:read",
  summary: "Read a license",
  params: fields.IdParams,
  answers: { 200: { description: "The license", schema: ManagedLicenseAnswer } },
  handle: async ({ params, now }) => ({
    status: 200,
    body: managedAnswer(await requireLicense(params.id, now), now),
  }),
});

const devices = endpoint({
  method: "GET",
  path: "/api/v1/licenses/:id/devices",
  access: "licenses:read",
  summary: "List the devices of a license",
  description: "Those in use and those that were, the newest first, up to 1,000.",
  params: fields.IdParams,
  answers: {
    200: { description: "Its devices", schema: z.object({ devices: z.array(ManagedDeviceAnswer) }) },
  },
  handle: async ({ params, now }) => {
    const { devices: found } = await requireLicense(params.id, now);
    return { status: 200, body: { devices: found.map((each) => managedDeviceAnswer(each, now)) } };
  },
});

const release = endpoint({
  method: "DELETE",
  path: "/api/v1/licenses/:id/devices/:deviceId",
  access: "licenses:write",
  summary: "Release a device",
  description:
    "Frees its seat. Safe to repeat: a device without a seat gives `released: false`. No release policy of the portal counts here.",
  params: fields.IdParams.extend({ deviceId: z.string().max(300).describe("Id, also as a UUID") }),
  answers: {
    200: {
      description: "Whether a seat was freed",
      schema: z.object({ released: z.boolean(), activeDevices: z.number().int() }),
    },
  },
  writes: true,
  handle: async (call) => {
    const { id, deviceId } = call.params;
    const device = { activationId: fields.requireId("act", deviceId) };
    const licenseId = fields.requireId("lic", id);
    const { released, activeDevices } = await releaseDevice({
      ...{ ...programAct(call), licenseId, device },
      reason: defaultReason,
    });
    return { status: 200, body: { released, activeDevices } };
  },
});

async function requireLicense(ref: string, now: Date) {
  const found = await findManagedLicense(fields.requireId("lic", ref), now);
  if (found) return found;
  throw new Problem("not_found", "There is no license with this id.");
}

/** Licenses for programs with an API key: made, found and read. */
export const licenses: readonly Endpoint[] = [create, list, search, read, devices, release];
