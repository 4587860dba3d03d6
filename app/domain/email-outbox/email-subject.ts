import { emailDate, listOfNames } from "#app/domain/email-outbox/content-words.ts";
import type {
  ContentOf,
  EmailContent,
  LicenseChange,
  LicenseInEmail,
} from "#app/domain/email-outbox/email-content.ts";
import { formatMoney } from "#app/domain/money.ts";

/** The subject line. It never holds a key or a code, since it is kept and shown in lists. */
export function emailSubject(content: EmailContent, shopName: string): string {
  return oneLine(subjectWords(content, shopName));
}

function subjectWords(content: EmailContent, shopName: string): string {
  switch (content.kind) {
    case "license-issued": {
      const keys = content.licenses.length === 1 ? "license key" : "license keys";
      return `Your ${productsOf(content)} ${keys} (order #${content.orderNumber})`;
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
    case "license-ending":
      return endingSubject(content);
    case "license-expired":
      return `Your ${licensesOf(content)} ${content.licenses.length === 1 ? "has" : "have"} ended`;
    case "license-renewed":
      return `Your ${content.license.productName} license is renewed (order #${content.orderNumber})`;
    case "license-suspended":
      return `Your ${licensesOf(content)} ${content.licenses.length === 1 ? "is" : "are"} suspended`;
    case "license-reinstated":
      return `Your ${licensesOf(content)} ${content.licenses.length === 1 ? "works" : "work"} again`;
    case "refunded":
      return `Your refund of ${formatMoney(content.amount, content.currency)} (order #${content.orderNumber})`;
    default:
      return subscriptionSubject(content);
  }
}

type AboutSubscription = Extract<EmailContent, { subscription: unknown }>;

function subscriptionSubject(content: AboutSubscription): string {
  const products = listOfNames(content.subscription.productNames);
  switch (content.kind) {
    case "trial-ending":
      return `Your free trial of ${products} ends on ${emailDate(content.trialEnd)}`;
    case "renewal-failed":
      return `${products}: ${failedWords[content.stage]}`;
    case "payment-action-required":
      return `${products}: please confirm your payment`;
    case "payment-recovered":
      return `${products}: your payment arrived`;
    case "cancel-scheduled":
      return `Your ${products} subscription ends on ${emailDate(content.endsAt)}`;
    case "cancel-undone":
      return `Your ${products} subscription goes on`;
    case "seats-changed":
      return `Your ${products} subscription now has ${content.after === 1 ? "1 seat" : `${content.after} seats`}`;
    case "plan-changed":
      return `Your ${products} plan has changed`;
  }
}

function endingSubject(content: ContentOf<"license-ending">): string {
  const date = emailDate(content.end);
  const licenses = licensesOf(content);
  const several = content.licenses.length > 1;
  switch (content.ending) {
    case "renews":
      return `Your ${licenses} ${several ? "renew" : "renews"} on ${date}`;
    case "updates":
      return `Updates for your ${licenses} end on ${date}`;
    default:
      return `Your ${licenses} ${several ? "end" : "ends"} on ${date}`;
  }
}

const failedWords = {
  first: "your renewal payment failed",
  reminder: "your renewal is still unpaid",
  final: "last reminder about your unpaid renewal",
} as const;

const changeWords: Record<LicenseChange, string> = {
  extended: "has a new end date",
  suspended: "is suspended",
  reinstated: "works again",
  revoked: "was revoked",
};

function productsOf({ licenses }: { licenses: readonly LicenseInEmail[] }): string {
  return listOfNames(licenses.map((license) => license.productName));
}

/** `Lumen license`, `Lumen and Atlas licenses`. */
function licensesOf(content: { licenses: readonly LicenseInEmail[] }): string {
  return `${productsOf(content)} ${content.licenses.length === 1 ? "license" : "licenses"}`;
}

/** A line break in a product's name must not break a header. */
function oneLine(text: string): string {
  return text
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim()
    .slice(0, 200);
}
