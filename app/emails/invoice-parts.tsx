import { countWords, emailDate } from "#app/domain/email-outbox/content-words.ts";
import type { InvoiceInEmail, SubscriptionInEmail } from "#app/domain/email-outbox/email-content.ts";
import { formatMoney } from "#app/domain/money.ts";
import { ActionLink, type Site } from "#app/emails/layout.tsx";
import { portalPage } from "#app/emails/license-list.tsx";

/** `$15.00 (invoice A-1)`. */
export function amountWords({ amount, currency, number }: InvoiceInEmail): string {
  return `${formatMoney(amount, currency)}${number === null ? "" : ` (invoice ${number})`}`;
}

/** What an open invoice means for the licenses: until when they work, or that they do not. */
export function meaningWords({ keys, standing, worksUntil }: SubscriptionInEmail): string {
  const licenses = countWords(keys, "license", "licenses");
  if (standing !== "good" || !worksUntil)
    return `At present your ${licenses} ${countWords(keys, "does", "do")} not work; as soon as it is paid, the same ${countWords(keys, "key works", "keys work")} again.`;
  return `Your ${licenses} ${countWords(keys, "works", "work")} until ${emailDate(worksUntil)} (UTC). To go on after that, ${countWords(keys, "it needs", "they need")} this payment.`;
}

/** The page at Stripe where it can be paid, and the portal's, where the card can be changed. */
export function PaymentLinks(props: {
  invoice: InvoiceInEmail;
  subscription: SubscriptionInEmail;
  site: Site;
  pay: string;
}) {
  const { invoice, subscription, site, pay } = props;
  return (
    <>
      {invoice.url && <ActionLink href={invoice.url}>{pay}</ActionLink>}
      <ActionLink href={portalPage(site, subscription.licenseId)}>Update your card in the portal</ActionLink>
    </>
  );
}
