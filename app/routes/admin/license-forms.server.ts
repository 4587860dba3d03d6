import { z } from "zod";
import { emailAddress } from "#app/domain/account/email-address.server.ts";
import { licenseStatuses } from "#app/domain/license/assess-license.ts";
import { extensionPresets, extensionUnits } from "#app/domain/license/extend-license.ts";
import { maxIssuedAtOnce } from "#app/domain/license/issue-license.server.ts";
import { licenseSorts } from "#app/domain/license/license.queries.server.ts";
import { licenseActions } from "#app/domain/license/license-actions.ts";
import { deviceLimitMax } from "#app/domain/license/managed-input.ts";

const cursor = z.string().max(1000).optional();

export const LicenseListQuery = z.object({
  q: z.string().max(200).optional(),
  status: z.enum(licenseStatuses).optional(),
  product: z.string().max(100).optional(),
  sort: z.enum(licenseSorts).optional(),
  direction: z.enum(["asc", "desc"]).optional(),
  after: cursor,
  before: cursor,
});

const presets = extensionPresets.map(({ value }) => value);
const extension = {
  period: z.enum([...presets, "custom", "date"]).default("1-year"),
  count: z.string().max(10).default(""),
  unit: z.enum(extensionUnits).default("month"),
  date: z.string().max(20).default(""),
};

/** Which dialog is open, and for `extend` what its preview shows. */
export const LicensePageQuery = z.object({
  do: z.enum(licenseActions).optional(),
  /** The device whose release is asked about. */
  release: z.string().max(100).optional(),
  ...extension,
});

const submission = z.uuid("Load the page again and repeat what you did.");
const reasonHint = "Give a reason of 3 to 500 characters. It is kept in the audit log.";
const reason = z.string(reasonHint).min(3, reasonHint).max(500, reasonHint);
const limitHint = `Enter a whole number from 1 to ${deviceLimitMax}, or nothing for any number.`;
const change = {
  submission,
  version: z.coerce.number().int().min(1),
  reason,
  notify: z.literal("on").optional(),
  note: z.string().max(1000).optional(),
};

export const LicenseForm = z.discriminatedUnion("intent", [
  z.object({ intent: z.literal("extend"), ...change, ...extension }),
  z.object({ intent: z.literal("suspend"), ...change }),
  z.object({ intent: z.literal("reinstate"), ...change }),
  z.object({ intent: z.literal("revoke"), ...change, confirmation: z.string().max(60).default("") }),
  z.object({
    intent: z.literal("change-limit"),
    submission,
    version: change.version,
    reason,
    deviceLimit: z.union(
      [
        z.literal("").transform(() => null),
        z.coerce.number(limitHint).int(limitHint).min(1, limitHint).max(deviceLimitMax, limitHint),
      ],
      limitHint,
    ),
  }),
  z.object({
    intent: z.literal("release-device"),
    activationId: z.string("Load the page again and choose the device.").min(1).max(100),
    submission,
    reason,
  }),
  z.object({
    intent: z.literal("assign"),
    submission,
    version: change.version,
    reason,
    email: emailAddress,
    name: z.string().max(200).optional(),
  }),
  z.object({
    intent: z.literal("resend"),
    submission,
    recipient: z.union([z.literal(""), emailAddress]).optional(),
    reason: z.union([z.literal(""), reason]).optional(),
  }),
  z.object({ intent: z.literal("reveal-key") }),
]);
export type LicenseFormValue = z.output<typeof LicenseForm>;

export const NewLicenseQuery = z.object({ email: z.string().max(254).optional() });

export const IssueForm = z.object({
  submission,
  email: emailAddress,
  name: z.string().max(200).optional(),
  policyId: z.string("Choose a policy.").min(1, "Choose a policy.").max(100),
  validUntil: z.string().max(20).optional(),
  quantity: z.coerce
    .number(`Choose a quantity from 1 to ${maxIssuedAtOnce}.`)
    .int()
    .min(1, `Choose a quantity from 1 to ${maxIssuedAtOnce}.`)
    .max(maxIssuedAtOnce, `Choose a quantity from 1 to ${maxIssuedAtOnce}.`),
  reason,
});
