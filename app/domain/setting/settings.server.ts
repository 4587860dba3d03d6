import { z } from "zod";
import { defaultSettings, type Settings } from "#app/domain/setting/settings.ts";
import type { Tx } from "#app/infra/db.server.ts";

const callLimit = z.number().int().min(0).max(10_000_000);
const onOrOff = z.enum(["on", "off"]);

/** What each setting may hold; a wrong value is refused when it is written and when it is read. */
export const settingSchemas = {
  renewalSlackHours: z.number().int().min(0).max(720),
  onCancel: z.enum(["expire", "revoke"]),
  cancelNow: z.enum(["endedAt", "paidThrough"]),
  onFullRefund: z.enum(["suspend", "revoke"]),
  onDisputeOpen: z.enum(["suspend", "alert"]),
  onInquiry: z.enum(["alert", "suspend"]),
  disputeLostRevokeAfterDays: z.number().int().min(0).max(365).nullable(),
  onEarlyFraud: z.enum(["alert", "suspend"]),
  onPauseCollection: z.enum(["lapse", "extend"]),
  seatsFollow: z.enum(["immediately", "whenPaid"]),
  sendInvoice: z.enum(["onPaid", "onIssue"]),
  dunningEmails: z.enum(["latchkey", "stripe"]),
  publicCallsPerAddressPerMinute: callLimit,
  publicCallsPerKeyPerMinute: callLimit,
  failedLookupsPerAddressPerMinute: callLimit,
  managementCallsPerSecond: callLimit,
  lemonSqueezyDialect: onOrOff,
  simpleLicenseServerDialect: onOrOff,
  authForgeDialect: onOrOff,
  cryptlexDialect: onOrOff,
  keygenDialect: onOrOff,
  customerInLemonSqueezyAnswers: z.enum(["hidden", "shown"]),
  importedKeys: z.enum(["none", "accepted"]),
} satisfies { [Name in keyof Settings]: z.ZodType<Settings[Name]> };

const AllSettings = z.object(settingSchemas);

/**
 * The vendor's choices, with the default for everything not chosen.
 * @throws ZodError when a row holds what the setting does not allow.
 */
export async function readSettings(tx: Pick<Tx, "setting">): Promise<Settings> {
  const rows = await tx.setting.findMany();
  const chosen = Object.fromEntries(rows.map((row) => [row.name, row.value]));
  return AllSettings.parse({ ...defaultSettings, ...chosen });
}
