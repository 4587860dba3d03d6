import type { Settings } from "#app/domain/setting/settings.ts";

export type SettingName = keyof Settings;

type Words = {
  /** What it decides, as a question or a noun phrase. */
  meaning: string;
  /** What each choice does; for numbers what they count. */
  choices: Record<string, string>;
};

const dialect = (system: string): Words => ({
  meaning: `Whether programs made for ${system} are answered`,
  choices: { on: "yes", off: "no; its addresses do not exist" },
});

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
  publicCallsPerAddressPerMinute: {
    meaning: "How often one network address may call the license server without an API key",
    choices: { number: "calls per minute, from 0 to 10000000", 0: "as often as it likes" },
  },
  publicCallsPerKeyPerMinute: {
    meaning: "How often apps may call the license server about one license",
    choices: { number: "calls per minute, from 0 to 10000000", 0: "as often as they like" },
  },
  failedLookupsPerAddressPerMinute: {
    meaning:
      "How many unknown keys one address may try before it has to wait: 1 minute, then twice as long each time, up to an hour",
    choices: { number: "unknown keys per minute, from 0 to 10000000", 0: "as many as it likes" },
  },
  managementCallsPerSecond: {
    meaning: "How often one API key may call, with twice as many in a burst",
    choices: { number: "calls per second, from 0 to 10000000", 0: "as often as it likes" },
  },
  lemonSqueezyDialect: dialect("Lemon Squeezy"),
  simpleLicenseServerDialect: dialect("Simple License Server"),
  authForgeDialect: dialect("AuthForge"),
  cryptlexDialect: dialect("Cryptlex"),
  keygenDialect: dialect("Keygen"),
  customerInLemonSqueezyAnswers: {
    meaning: "Whether Lemon Squeezy's answers tell who holds a key the customer's name and email address",
    choices: { hidden: "no; both are empty", shown: "yes" },
  },
  importedKeys: {
    meaning: "Whether apps may send keys that another system made",
    choices: {
      none: "no; they are unknown, imported or not",
      accepted: "yes; chosen by the first import",
    },
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
  const chosen = choices[String(value)];
  if (chosen === undefined && typeof value === "number")
    return `${value} ${choices.number?.split(",")[0] ?? ""}`.trim();
  return chosen ?? String(value);
}
