import { z } from "zod";
import { type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { keyAsIssued } from "#app/api/key-as-issued.server.ts";
import { Problem } from "#app/api/problem.ts";
import { CheckAnswer, checkAnswer } from "#app/api/v1/check-answer.server.ts";
import { instant } from "#app/api/v1/fields.server.ts";
import { fingerprint, question, requireLicense } from "#app/api/v1/license-checks.server.ts";
import { isActive } from "#app/domain/activation/device.ts";
import { judgeCheck } from "#app/domain/activation/judge-check.ts";
import { noteSeen } from "#app/domain/activation/note-seen.server.ts";
import { checkOutFile } from "#app/domain/license-file/license-file.server.ts";

const CheckOutAnswer = CheckAnswer.extend({
  certificate: z
    .string()
    .nullable()
    .describe("A machine file in Keygen's layout for this device; null = not valid"),
  token: z.string().nullable().describe("The same in short, a JSON Web Token that fits a QR code"),
  issued: instant.nullable(),
  expiry: instant.nullable().describe("Until when the app may trust the file without asking again"),
}).meta({ id: "CheckOutAnswer" });

const none = { certificate: null, token: null, issued: null, expiry: null };

const checkOut = endpoint({
  method: "POST",
  path: "/api/v1/licenses/check-out",
  access: "public",
  summary: "Get a signed license file for a device",
  description:
    "What the app needs to go on without a connection, for a device that is active. docs/offline.md says how to verify it.",
  body: z.object({
    ...question,
    fingerprint,
    encrypted: z
      .boolean()
      .optional()
      .describe("Whether the file opens only with license key and fingerprint together; false unless given"),
    ttlSeconds: z
      .number()
      .int()
      .min(1)
      .max(315_360_000)
      .optional()
      .describe(
        "How long it should be good for: at least an hour, at most what the policy says, which counts unless given",
      ),
  }),
  answers: { 200: { description: "The check, and the files when it is valid", schema: CheckOutAnswer } },
  async handle(call) {
    const { body, now } = call;
    const license = await requireLicense(call, body);
    const { device } = license;
    if (device && isActive(device, now)) noteSeen(device.id, now);
    const verdict = judgeCheck(license, now, { device });
    const answer = checkAnswer(license, verdict, { now, nonce: body.nonce ?? null });
    if (!verdict.valid || !device) return { status: 200, body: { ...answer, ...none } };
    const file = await checkOutFile({
      license,
      device: { ...device, fingerprint: body.fingerprint },
      licenseKey: body.encrypted ? keyAsIssued(license, body.key) : null,
      ttlSeconds: body.ttlSeconds,
      now,
    });
    if (!file)
      throw new Problem(
        "forbidden",
        "The policy of this license gives no offline files. Check it over the connection instead.",
      );
    const { certificate, token, issued, expiry } = file;
    const dates = { issued: issued.toISOString(), expiry: expiry.toISOString() };
    return { status: 200, body: { ...answer, certificate, token, ...dates } };
  },
});

export const checkOuts: readonly Endpoint[] = [checkOut];
