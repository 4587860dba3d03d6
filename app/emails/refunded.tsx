import { listOfNames } from "#app/domain/email-outbox/content-words.ts";
import type { ContentOf, Standing } from "#app/domain/email-outbox/email-content.ts";
import { formatMoney } from "#app/domain/money.ts";
import { ActionLink, EmailLayout, Paragraph, type Site } from "#app/emails/layout.tsx";
import { portalPage } from "#app/emails/license-list.tsx";

export function RefundedEmail({ content, site }: { content: ContentOf<"refunded">; site: Site }) {
  const { orderNumber, productNames, amount, currency, full, standing, licenseId } = content;
  const sum = formatMoney(amount, currency);
  const meaning = meaningOf(full, standing);
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
function meaningOf(full: boolean, standing: Standing | null): string {
  switch (standing) {
    case "good":
      return full ? "At present the license of this order works." : "Your license goes on as before.";
    case "suspended":
      return "The license of this order is suspended: the key is not accepted any more.";
    case "revoked":
      return "The license of this order was revoked: the key is not accepted any more, and this is final.";
    case "ended":
      return "The license of this order has ended.";
    case null:
      return "No license was issued for it.";
  }
}
