/** One license as a mail shows it. */
export type LicenseInEmail = {
  id: string;
  productName: string;
  policyName: string;
  /** In clear or masked, as the renderer was asked. */
  key: string;
  /** null = any number of devices */
  deviceLimit: number | null;
  /** null = never ends */
  validUntil: Date | null;
  term: string;
  /** null = every future version is included */
  updatesUntil: Date | null;
  /** Whether the key is accepted when the mail is written, and if not, why. */
  standing: "good" | "ended" | "suspended" | "revoked";
};

export type LicenseChange = "extended" | "suspended" | "reinstated" | "revoked";

/** Everything a template needs, read when the mail is rendered. */
export type EmailContent =
  | { kind: "license-issued"; orderNumber: number; licenses: LicenseInEmail[] }
  | { kind: "license-resent"; orderNumber: number | null; license: LicenseInEmail }
  | { kind: "payment-pending"; orderNumber: number; productNames: string[] }
  | { kind: "payment-failed"; orderNumber: number; productNames: string[] }
  /** `code` is null where it must not be shown. */
  | { kind: "sign-in-code"; code: string | null }
  | {
      kind: "license-changed";
      change: LicenseChange;
      orderNumber: number | null;
      note: string | null;
      license: LicenseInEmail;
    };

const dateFormat = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "long",
  year: "numeric",
  timeZone: "UTC",
});

/** `21 November 2026`, in UTC. */
export function emailDate(at: Date): string {
  return dateFormat.format(at);
}

/** The end in words. A subscription is paid until a date and goes on after it; a dated license ends. */
export function licenseEnd(license: Pick<LicenseInEmail, "term" | "validUntil" | "standing">): string {
  if (!license.validUntil) return "Never ends";
  const date = emailDate(license.validUntil);
  if (license.standing === "ended") return `Ended on ${date} (UTC)`;
  return license.term === "subscription" ? `Paid until ${date} (UTC)` : `Ends on ${date} (UTC)`;
}

export function deviceLimitWords(deviceLimit: number | null): string {
  if (deviceLimit === null) return "Any number of devices";
  return deviceLimit === 1 ? "1 device" : `Up to ${deviceLimit} devices`;
}

/** `Lumen`, `Lumen and Atlas`, `Lumen, Atlas and Orbit`: each name once. */
export function listOfNames(names: readonly string[]): string {
  const once = [...new Set(names)];
  const last = once.pop() ?? "";
  return once.length === 0 ? last : `${once.join(", ")} and ${last}`;
}

/** The subject line. It never holds a key or a code, since it is kept and shown in lists. */
export function emailSubject(content: EmailContent, shopName: string): string {
  return oneLine(subjectWords(content, shopName));
}

function subjectWords(content: EmailContent, shopName: string): string {
  switch (content.kind) {
    case "license-issued": {
      const names = listOfNames(content.licenses.map((license) => license.productName));
      const keys = content.licenses.length === 1 ? "license key" : "license keys";
      return `Your ${names} ${keys} (order #${content.orderNumber})`;
    }
    case "license-resent":
      return `Your ${content.license.productName} license key, sent again`;
    case "payment-pending":
      return `${listOfNames(content.productNames)}: your payment is on its way (order #${content.orderNumber})`;
    case "payment-failed":
      return `${listOfNames(content.productNames)}: your payment did not arrive (order #${content.orderNumber})`;
    case "sign-in-code":
      return `Your sign-in code for ${shopName}`;
    case "license-changed":
      return `Your ${content.license.productName} license ${changeWords[content.change]}`;
  }
}

const changeWords: Record<LicenseChange, string> = {
  extended: "has a new end date",
  suspended: "is suspended",
  reinstated: "works again",
  revoked: "was revoked",
};

/** A line break in a product's name must not break a header. */
function oneLine(text: string): string {
  return text
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim()
    .slice(0, 200);
}
