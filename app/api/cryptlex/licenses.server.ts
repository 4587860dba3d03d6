import { z } from "zod";
import { intervalName, intervalOf, licenseAnswer } from "#app/api/cryptlex/answers.ts";
import { allowedActivations, intervalText, metadata } from "#app/api/cryptlex/fields.server.ts";
import { filtered } from "#app/api/cryptlex/filters.server.ts";
import { addInterval, parseInterval } from "#app/api/cryptlex/subscription-interval.ts";
import { requireUser } from "#app/api/cryptlex/users.server.ts";
import { type Call, type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { Problem } from "#app/api/problem.ts";
import { programAct } from "#app/api/program-act.ts";
import { createLicenses } from "#app/domain/license/create-licenses.server.ts";
import { revoke, setEnd } from "#app/domain/license/manage-license.server.ts";
import {
  findManagedLicense,
  type ManagedLicense,
  pageOfManagedLicenses,
} from "#app/domain/license/managed-license.queries.server.ts";
import { prolong } from "#app/domain/license/prolong-license.server.ts";
import { resolvePolicy, resolveProduct } from "#app/domain/product/resolve-policy.server.ts";

const ref = z.string().trim().min(1).max(128);
const params = z.object({ id: ref });

/** @throws Problem license_not_found */
export async function requireLicense({ params: { id }, now }: Call<unknown, { id: string }>) {
  const found = await findManagedLicense(id, now);
  if (found) return found;
  throw new Problem("license_not_found", "There is no license with this id.");
}

const create = endpoint({
  method: "POST",
  path: "/v3/licenses",
  access: "licenses:write",
  summary: "Create a license",
  body: z.object({
    productId: ref,
    licenseTemplateId: ref.nullish(),
    userId: ref.nullish(),
    subscriptionInterval: intervalText.nullish(),
    allowedActivations: allowedActivations.nullish(),
    metadata: metadata.nullish(),
    key: z.string().trim().max(128).nullish(),
  }),
  writes: true,
  async handle(call) {
    const { body, now } = call;
    const policy = await policyOf(body);
    const owner = body.userId ? await requireUser(body.userId) : null;
    const interval = body.subscriptionInterval ? parseInterval(body.subscriptionInterval) : null;
    const { licenses } = await createLicenses({
      ...programAct(call),
      ...{ policy: policy.id, quantity: 1, customer: owner && { customerId: owner.id } },
      ...(body.key && { key: body.key }),
      ...(interval && { validUntil: addInterval(now, interval) }),
      ...(body.subscriptionInterval === "" && { validUntil: null }),
      ...(body.allowedActivations != null && { deviceLimit: body.allowedActivations || null }),
      metadata: { ...body.metadata, ...(interval && { [intervalName]: body.subscriptionInterval ?? "" }) },
    });
    const [license] = licenses;
    if (!license) throw new Error("A license was asked for and none was made.");
    return { status: 201, body: licenseAnswer(license) };
  },
});

/** A template of theirs is a policy of ours; without one the first policy of the product counts. */
async function policyOf(body: {
  productId: string;
  licenseTemplateId?: string | null | undefined;
  subscriptionInterval?: string | null | undefined;
}) {
  const found = await resolvePolicy(body.licenseTemplateId ?? body.productId);
  const wrong = body.licenseTemplateId
    ? "licenseTemplateId: there is no policy"
    : "productId: there is no product";
  if (!found || found.policy.archivedAt || found.product.archivedAt)
    throw new Problem("invalid_request", `${wrong} with this slug or id on sale.`);
  if (found.policy.term === "subscription" && body.subscriptionInterval == null)
    throw new Problem(
      "invalid_request",
      "subscriptionInterval: name one, such as P1M. This product is sold by subscription and has no length of its own.",
    );
  return found.policy;
}

const list = endpoint({
  method: "GET",
  path: "/v3/licenses",
  access: "licenses:read",
  summary: "Find licenses, newest first",
  query: filtered(["productId", "userId", "user.email", "key", "metadata.key", "metadata.value"]),
  async handle({ query: { filters, page, limit }, now }) {
    const { key, productId } = filters;
    const found = await pageOfManagedLicenses(
      {
        ...{ page, pageSize: limit },
        ...(key !== undefined && { key }),
        ...(productId !== undefined && (await catalogFilter(productId))),
        ...customerFilter(filters["user.email"] ?? filters.userId),
        ...metadataFilter(filters["metadata.key"], filters["metadata.value"]),
      },
      now,
    );
    return { status: 200, body: found.licenses.map(licenseAnswer) };
  },
});

/** An id of before may have become the slug of a policy instead of a product. */
async function catalogFilter(productId: string) {
  return (await resolveProduct(productId)) ? { product: productId } : { policy: productId };
}

function customerFilter(customer: string | undefined) {
  return customer === undefined ? {} : { customer };
}

function metadataFilter(name: string | undefined, value: string | undefined) {
  if (name === undefined && value === undefined) return {};
  if (name === undefined || value === undefined)
    throw new Problem(
      "invalid_request",
      "metadata.key and metadata.value are only found together. Send both.",
    );
  return { metadata: { [name]: value } };
}

const read = endpoint({
  method: "GET",
  path: "/v3/licenses/:id",
  access: "licenses:read",
  summary: "Read a license",
  params,
  async handle(call) {
    return { status: 200, body: licenseAnswer(await requireLicense(call)) };
  },
});

const renew = endpoint({
  method: "POST",
  path: "/v3/licenses/:id/renew",
  access: "licenses:write",
  summary: "Move the end on by one subscription interval",
  description:
    "Each call counts. Send an Idempotency-Key, such as the id of the paid invoice, to be able to repeat it.",
  params,
  writes: true,
  async handle(call) {
    const found = await requireLicense(call);
    const interval = parseInterval(intervalOf(found) ?? "");
    if (!interval)
      throw new Problem(
        "conflict",
        "This license has no subscription interval to renew by. Set its end with PATCH /v3/licenses/{id}/expires-at.",
      );
    const later = (end: Date) => addInterval(end, interval);
    const license = await prolong({ ...programAct(call), licenseId: found.id, later });
    return { status: 200, body: licenseAnswer(license) };
  },
});

const expiresAt = endpoint({
  method: "PATCH",
  path: "/v3/licenses/:id/expires-at",
  access: "licenses:write",
  summary: "Set the end of a license; null = it never ends",
  params,
  body: z.object({ expiresAt: z.iso.datetime({ offset: true }).nullable() }),
  writes: true,
  async handle(call) {
    const { id: licenseId } = await requireLicense(call);
    const end = call.body.expiresAt === null ? null : new Date(call.body.expiresAt);
    const license = await setEnd({ ...programAct(call), licenseId, end });
    return { status: 200, body: licenseAnswer(license) };
  },
});

const remove = endpoint({
  method: "DELETE",
  path: "/v3/licenses/:id",
  access: "licenses:write",
  summary: "Revoke a license for good; its record stays",
  params,
  writes: true,
  async handle(call) {
    const { id: licenseId }: ManagedLicense = await requireLicense(call);
    await revoke({ ...programAct(call), licenseId });
    return { status: 204 };
  },
});

/** What a back end does with licenses, but for changes of their fields. */
export const licenses: readonly Endpoint[] = [create, list, read, renew, expiresAt, remove];
