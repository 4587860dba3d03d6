import type { Settings } from "#app/domain/setting/settings.ts";

export type SettingName = keyof Settings;

type Words = {
  /** What it decides, as a question or a noun phrase. */
  meaning: string;
  /** What each choice does; for numbers what they count. */
  choices: Record<string, string>;
};

const words: Record<SettingName, Words> = {
  renewalSlackHours: {
    meaning: "How long a license goes on after its paid period while the renewal is on its way",
    choices: { number: "hours, from 0 to 720" },
  },
  onCancel: {
    meaning: "What a canceled subscription does to its licenses at its end",
    choices: { expire: "they expire", revoke: "they are revoked for good" },
  },
  cancelNow: {
    meaning: "When the licenses of a subscription end that is canceled at once",
    choices: { endedAt: "at that moment", paidThrough: "at the end of what is paid" },
  },
  onFullRefund: {
    meaning: "What a full refund does to the licenses it paid for",
    choices: { suspend: "suspends them", revoke: "revokes them for good" },
  },
  onDisputeOpen: {
    meaning: "What a dispute does to the licenses its payment paid for",
    choices: { suspend: "suspends them", alert: "only alerts staff" },
  },
  onInquiry: {
    meaning: "What a bank's inquiry, which is no dispute yet, does",
    choices: { alert: "only alerts staff", suspend: "suspends the licenses" },
  },
  disputeLostRevokeAfterDays: {
    meaning: "When the licenses of a lost dispute are revoked",
    choices: { number: "days after it was opened, from 0 to 365", null: "never; they stay suspended" },
  },
  onEarlyFraud: {
    meaning: "What a bank's early fraud warning does",
    choices: { alert: "only alerts staff", suspend: "suspends the licenses" },
  },
  onPauseCollection: {
    meaning: "What licenses do while the collection of their subscription is paused",
    choices: {
      lapse: "they end with what is paid, after their grace",
      extend: "they go on as a courtesy",
    },
  },
  seatsFollow: {
    meaning: "When seats that are added to a subscription in good standing work",
    choices: { immediately: "at once", whenPaid: "when they are paid" },
  },
  sendInvoice: {
    meaning: "When subscriptions that are billed by invoice give or prolong licenses",
    choices: { onPaid: "when the invoice is paid", onIssue: "when it is sent, until it is overdue" },
  },
  dunningEmails: {
    meaning: "Who writes to the customer about failed payments",
    choices: { latchkey: "Latchkey", stripe: "Stripe, by its own emails" },
  },
};

// The names of a record are those of its type.
export const settingNames = Object.keys(words) as SettingName[];

export function isSettingName(name: string): name is SettingName {
  return settingNames.some((known) => known === name);
}

/** What a setting decides and what its values do, for the vendor. */
export function settingWords(name: SettingName): Words {
  return words[name];
}

/** What a value of a setting does: "suspends them"; a number with what it counts. */
export function settingValueWords(name: SettingName, value: Settings[SettingName]): string {
  const { choices } = words[name];
  if (typeof value === "number") return `${value} ${choices.number?.split(",")[0] ?? ""}`.trim();
  return choices[String(value)] ?? String(value);
}
