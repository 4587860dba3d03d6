import { z } from "zod";
import { type Call, type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { programAct } from "#app/api/program-act.ts";
import * as fields from "#app/api/v1/fields.server.ts";
import { ManagedLicenseAnswer, managedAnswer } from "#app/api/v1/managed-answer.server.ts";
import {
  extend,
  type ManagedChange,
  type Period,
  reinstate,
  resend,
  revoke,
  rotateKey,
  suspend,
} from "#app/domain/license/manage-license.server.ts";
import type { ManagedLicense } from "#app/domain/license/managed-license.ts";
import { keyOverlapMaxHours } from "#app/domain/license/rotate-key.server.ts";
import { updateLicense } from "#app/domain/license/update-license.server.ts";

const changed = { 200: { description: "The license after it", schema: ManagedLicenseAnswer } };
const told = { reason: fields.reason, notifyCustomer: fields.notifyCustomer };

/** One act on one license: address, id, answer and record are the same for all. */
function act<Body extends z.ZodType>(definition: {
  name: string;
  summary: string;
  description: string;
  body: Body;
  bodyOptional?: boolean;
  work(change: ManagedChange, body: z.output<Body>): Promise<ManagedLicense>;
}): Endpoint {
  const { name, body, bodyOptional = false, work, ...words } = definition;
  return endpoint({
    ...words,
    method: "POST",
    path: `/api/v1/licenses/:id/${name}`,
    access: "licenses:write",
    params: fields.IdParams,
    body,
    bodyOptional,
    answers: changed,
    writes: true,
    handle: async (call) => {
      const license = await work(changeOf(call, call.params.id), call.body);
      return { status: 200, body: managedAnswer(license, call.now) };
    },
  });
}

const changeOf = (call: Call, id: string): ManagedChange => ({
  ...programAct(call),
  licenseId: fields.requireId("lic", id),
});

const update = endpoint({
  method: "PATCH",
  path: "/api/v1/licenses/:id",
  access: "licenses:write",
  summary: "Change a license",
  description:
    "Changes what is named and leaves the rest, all of it or nothing. A customer is given only to a license that has none. An end may be earlier only where no purchase of this shop stands behind the license.",
  params: fields.IdParams,
  body: z.strictObject({
    customer: fields.customer.optional(),
    validUntil: fields.instantInput.nullable().optional().describe("When it ends, exactly; null = never"),
    deviceLimit: fields.deviceLimit.optional(),
    metadata: fields.metadata.optional().describe("Replaces all texts that were there"),
    reason: fields.reason,
  }),
  answers: changed,
  writes: true,
  handle: async (call) => {
    const license = await updateLicense({
      ...call.body,
      ...changeOf(call, call.params.id),
      reason: call.body.reason,
    });
    return { status: 200, body: managedAnswer(license, call.now) };
  },
});

const periods = { days: 36_500, months: 600, years: 50 } as const;
const period = (most: number) => z.number().int().min(1).max(most).optional();

const ExtendBody = z
  .strictObject({
    until: fields.instantInput.optional().describe("The new end, later than the one it has"),
    days: period(periods.days),
    months: period(periods.months),
    years: period(periods.years),
    ...told,
  })
  .refine(
    ({ until, days, months, years }) =>
      [until, days, months, years].filter((each) => each !== undefined).length === 1,
    "Name exactly one of until, days, months and years.",
  );

function periodOf({ days, months, years = 1 }: z.output<typeof ExtendBody>): Period {
  if (days !== undefined) return { days };
  return months !== undefined ? { months } : { years };
}

/** What programs with an API key do with one license. */
export const licenseActs: readonly Endpoint[] = [
  update,
  act({
    name: "extend",
    summary: "Extend a license",
    description:
      "To an instant, or by a period from the later of now and its end. Never shortens. An instant is safe to repeat; with a period send an `Idempotency-Key`.",
    body: ExtendBody,
    work: (change, body) =>
      extend({
        ...{ ...change, reason: body.reason, notifyCustomer: body.notifyCustomer },
        ...(body.until ? { until: body.until } : { period: periodOf(body) }),
      }),
  }),
  act({
    name: "suspend",
    summary: "Suspend a license",
    description: "It stops working until it is reinstated; nothing Stripe says lifts this. Safe to repeat.",
    body: z.strictObject(told),
    bodyOptional: true,
    work: (change, body) => suspend({ ...change, ...body }),
  }),
  act({
    name: "reinstate",
    summary: "Reinstate a suspended license",
    description: "Lifts your suspension, not that of a refund or dispute. Safe to repeat.",
    body: z.strictObject(told),
    bodyOptional: true,
    work: (change, body) => reinstate({ ...change, ...body }),
  }),
  act({
    name: "resend",
    summary: "Send the key by email again",
    description: "To its owner, or to another address.",
    body: z.strictObject({ recipient: fields.email.optional(), reason: fields.reason }),
    bodyOptional: true,
    work: (change, body) => resend({ ...change, ...body }),
  }),
  act({
    name: "rotate-key",
    summary: "Replace the key",
    description:
      "Gives a new key; devices, terms and owner stay. The old key works for `overlapHours` more. Each call makes a key: send an `Idempotency-Key`.",
    body: z.strictObject({
      overlapHours: z.number().int().min(0).max(keyOverlapMaxHours).default(0),
      reason: fields.reason,
    }),
    bodyOptional: true,
    work: (change, body) => rotateKey({ ...change, ...body }),
  }),
  act({
    name: "revoke",
    summary: "Revoke a license for good",
    description: "Final: nothing revives it. Safe to repeat, the first revocation stands.",
    body: z.strictObject(told),
    bodyOptional: true,
    work: (change, body) => revoke({ ...change, ...body }),
  }),
];
