import { z } from "zod";
import { type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { Problem } from "#app/api/problem.ts";
import { programAct } from "#app/api/program-act.ts";
import { licenseKey, metadata, slug } from "#app/api/simple-license-server/fields.server.ts";
import { generatedAnswer, listedLicense } from "#app/api/simple-license-server/management-answers.ts";
import { toTexts } from "#app/api/simple-license-server/metadata.ts";
import { createLicenses } from "#app/domain/license/create-licenses.server.ts";
import { type LicenseUse, licensePage } from "#app/domain/license/license-page.queries.server.ts";
import { revoke } from "#app/domain/license/manage-license.server.ts";
import { findManagedLicense } from "#app/domain/license/managed-license.queries.server.ts";
import { resolvePolicy } from "#app/domain/product/resolve-policy.server.ts";

const generate = endpoint({
  method: "POST",
  path: "/generate",
  access: "licenses:write",
  summary: "Create a license",
  body: z.object({ slug, metadata }),
  writes: true,
  async handle(call) {
    const { body, now } = call;
    const found = await resolvePolicy(body.slug);
    if (!found || found.policy.archivedAt || found.product.archivedAt)
      throw new Problem("not_found", "slug not found");
    const { licenses } = await createLicenses({
      ...programAct(call),
      ...{ policy: body.slug, quantity: 1, metadata: toTexts(body.metadata) },
    });
    const [license] = licenses;
    if (!license) throw new Error("A license was asked for and none was made.");
    return { status: 200, body: generatedAnswer(license, body.slug, now) };
  },
});

const withdraw = endpoint({
  method: "POST",
  path: "/revoke",
  access: "licenses:write",
  summary: "Revoke a license for good",
  body: z.object({ license_key: licenseKey }),
  writes: true,
  async handle(call) {
    const found = await findManagedLicense(call.body.license_key, call.now);
    if (!found) throw new Problem("license_not_found", "license not found");
    const license = await revoke({ ...programAct(call), licenseId: found.id });
    const revokedAt = license.revokedAt?.toISOString();
    return {
      status: 200,
      body: { valid: false, status: "revoked", license_key: license.key, revoked_at: revokedAt },
    };
  },
});

const uses: Record<"inactive" | "active" | "revoked" | "expired", LicenseUse> = {
  inactive: "unused",
  active: "in-use",
  revoked: "withdrawn",
  expired: "ended",
};

const whole = (max: number) => z.coerce.number().pipe(z.int().min(1).max(max));
const list = endpoint({
  method: "GET",
  path: "/management/licenses",
  access: "licenses:read",
  summary: "List licenses page by page, newest first, with how many there are of each kind",
  query: z.object({
    q: z.string().max(200).optional(),
    status: z.enum(["", "inactive", "active", "revoked", "expired"]).optional(),
    page: whole(1_000_000).default(1),
    page_size: whole(100).default(10),
  }),
  async handle({ query, now }) {
    const { page, page_size } = query;
    const use = query.status ? uses[query.status] : undefined;
    const { licenses, total, counts } = await licensePage(
      { q: query.q, use, page, pageSize: page_size },
      now,
    );
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return {
      status: 200,
      body: {
        licenses: licenses.map((license) => listedLicense(license, now)),
        pagination: { page, page_size, total, total_pages: Math.ceil(total / page_size) },
        counts: {
          ...{ total: all, active: counts["in-use"], inactive: counts.unused },
          ...{ revoked: counts.withdrawn, expired: counts.ended },
        },
      },
    };
  },
});

/** What a back end does with licenses. */
export const licenseActs: readonly Endpoint[] = [generate, withdraw, list];
