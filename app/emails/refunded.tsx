import { countWords, listOfNames } from "#app/domain/email-outbox/content-words.ts";
import type { ContentOf } from "#app/domain/email-outbox/email-content.ts";
import { formatMoney } from "#app/domain/money.ts";
import { ActionLink, EmailLayout, Paragraph, type Site } from "#app/emails/layout.tsx";
import { portalPage } from "#app/emails/license-list.tsx";

export function RefundedEmail({ content, site }: { content: ContentOf<"refunded">; site: Site }) {
  const { orderNumber, productNames, amount, currency, full, licenseId } = content;
  const sum = formatMoney(amount, currency);
  const meaning = meaningOf(content);
  return (
    <EmailLayout
      site={site}
      title={`Your refund of ${sum}`}
      preview={`Order #${orderNumber}: the money is on its way back. ${meaning}`}
    >
      <Paragraph>
        {full ? "We have refunded" : "We have refunded a part of"} your order #{orderNumber},{" "}
        {listOfNames(productNames)}: {sum} is on the way back to how you paid. That usually takes 5 to 10
        business days.
      </Paragraph>
      <Paragraph>{meaning}</Paragraph>
      <Paragraph>If you did not expect this, tell {site.shopName} the order number.</Paragraph>
      <ActionLink href={portalPage(site, licenseId)}>See it in the portal</ActionLink>
    </EmailLayout>
  );
}

/** What holds when the mail is written: a refund that failed meanwhile leaves the license working. */
function meaningOf({ full, standing, licenses }: ContentOf<"refunded">): string {
  const mine = countWords(licenses, "license of this order", "licenses of this order");
  const are = countWords(licenses, "is", "are");
  const keys = countWords(licenses, "key is", "keys are");
  switch (standing) {
    case "good":
      return full
        ? `At present the ${mine} ${countWords(licenses, "works", "work")}.`
        : `The ${mine} ${countWords(licenses, "works", "work")} as before.`;
    case "suspended":
      return `The ${mine} ${are} suspended: the ${keys} not accepted any more.`;
    case "revoked":
      return `The ${mine} ${countWords(licenses, "was", "were")} revoked: the ${keys} not accepted any more, and this is final.`;
    case "ended":
      return `The ${mine} ${countWords(licenses, "has", "have")} ended.`;
    case null:
      return "No license was issued for it.";
  }
}
