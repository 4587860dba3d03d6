import { z } from "zod";
import { type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { Problem } from "#app/api/problem.ts";
import { programAct } from "#app/api/program-act.ts";
import { slug } from "#app/api/simple-license-server/fields.server.ts";
import { unlimitedActivations } from "#app/api/simple-license-server/license-answers.ts";
import { slugAnswer, standardTokenHours } from "#app/api/simple-license-server/management-answers.ts";
import {
  archivePolicy,
  changePolicy,
  createPolicy,
  findPolicyBySlug,
  listPolicies,
  type PolicyTerms,
} from "#app/domain/product/manage-policy.server.ts";

const dayLimit = 36_500;
const params = z.object({ name: slug });
const fields = {
  max_activations: z.int().min(1).max(unlimitedActivations),
  expiration_type: z.enum(
    ["forever", "duration"],
    "expiration_type: forever or duration. For a fixed date, set the end of each license instead.",
  ),
  expiration_days: z.int().min(1).max(dayLimit).nullish(),
  fixed_expires_at: z.null("fixed_expires_at: set the end of each license instead.").optional(),
  offline_enabled: z.boolean(),
  offline_token_lifetime_hours: z
    .int()
    .min(1)
    .max(24 * dayLimit),
  attributes: z.record(z.string(), z.json()),
};

/** How these clients say the terms, with nothing left out. */
type SlugTerms = Required<{ [Field in keyof typeof fields]: z.output<(typeof fields)[Field]> }>;

/** @throws Problem invalid_request */
function termsOf(given: Omit<SlugTerms, "fixed_expires_at">): PolicyTerms {
  const { max_activations, expiration_type, expiration_days } = given;
  if (expiration_type === "duration" && !expiration_days)
    throw new Problem("invalid_request", "expiration_days is required when expiration_type is duration.");
  return {
    termDays: expiration_type === "duration" ? (expiration_days ?? null) : null,
    deviceLimit: max_activations === unlimitedActivations ? null : max_activations,
    offlineHours: given.offline_enabled ? given.offline_token_lifetime_hours : null,
    entitlements: given.attributes,
  };
}

const list = endpoint({
  method: "GET",
  path: "/management/slugs",
  access: "catalog:read",
  summary: "List slugs: policies under the name their licenses are made by",
  query: z.object({ include_archived: z.enum(["true", "false", "1", "0", ""]).optional() }),
  async handle({ query }) {
    const withArchived = query.include_archived === "true" || query.include_archived === "1";
    return { status: 200, body: { slugs: (await listPolicies({ withArchived })).map(slugAnswer) } };
  },
});

const read = endpoint({
  method: "GET",
  path: "/management/slugs/:name",
  access: "catalog:read",
  summary: "Read a slug",
  params,
  async handle({ params: { name } }) {
    const policy = await findPolicyBySlug(name);
    if (!policy) throw new Problem("not_found", "slug not found");
    return { status: 200, body: slugAnswer(policy) };
  },
});

const create = endpoint({
  method: "POST",
  path: "/management/slugs",
  access: "catalog:write",
  summary: "Create a policy, and a product for it, under a slug",
  body: z.object({
    ...fields,
    name: slug,
    offline_enabled: fields.offline_enabled.default(false),
    offline_token_lifetime_hours: fields.offline_token_lifetime_hours.default(standardTokenHours),
    attributes: fields.attributes.nullish().transform((given) => given ?? {}),
  }),
  writes: true,
  async handle(call) {
    const { name, ...given } = call.body;
    const terms = termsOf({ ...given, expiration_days: given.expiration_days ?? null });
    return { status: 201, body: slugAnswer(await createPolicy({ ...programAct(call), slug: name, terms })) };
  },
});

const change = endpoint({
  method: "PATCH",
  path: "/management/slugs/:name",
  access: "catalog:write",
  summary: "Change what licenses made from now on get",
  params,
  body: z
    .object({ ...fields, name: slug })
    .partial()
    .refine((given) => Object.values(given).some((value) => value !== undefined), {
      error: "at least one field must be provided",
    }),
  writes: true,
  async handle(call) {
    const { name, ...given } = call.body;
    if (name !== undefined && name !== call.params.name)
      throw new Problem(
        "invalid_request",
        "A slug keeps its name: licenses and catalog files know it by it.",
      );
    const policy = await changePolicy({
      ...programAct(call),
      slug: call.params.name,
      change: (before) => {
        const known = slugAnswer(before);
        return termsOf({
          max_activations: given.max_activations ?? known.max_activations,
          expiration_type: given.expiration_type ?? (before.termDays === null ? "forever" : "duration"),
          expiration_days: given.expiration_days ?? known.expiration_days,
          offline_enabled: given.offline_enabled ?? known.offline_enabled,
          offline_token_lifetime_hours:
            given.offline_token_lifetime_hours ?? known.offline_token_lifetime_hours,
          attributes: given.attributes ?? fields.attributes.parse(before.entitlements),
        });
      },
    });
    return { status: 200, body: slugAnswer(policy) };
  },
});

const remove = endpoint({
  method: "DELETE",
  path: "/management/slugs/:name",
  access: "catalog:write",
  summary: "Make no more licenses under a slug; those that exist go on",
  params,
  writes: true,
  async handle(call) {
    await archivePolicy({ ...programAct(call), slug: call.params.name });
    return { status: 200, body: { deleted: true } };
  },
});

/** Policies under the one name these clients have for product and policy. */
export const slugs: readonly Endpoint[] = [list, read, create, change, remove];
