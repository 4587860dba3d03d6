import { countWords, emailDate, listOfNames } from "#app/domain/email-outbox/content-words.ts";
import type { ContentOf } from "#app/domain/email-outbox/email-content.ts";
import { amountWords } from "#app/emails/invoice-parts.tsx";
import { ActionLink, EmailLayout, Paragraph, type Site } from "#app/emails/layout.tsx";
import { portalPage } from "#app/emails/license-list.tsx";

export function PaymentRecoveredEmail({
  content,
  site,
}: {
  content: ContentOf<"payment-recovered">;
  site: Site;
}) {
  const { invoice, subscription } = content;
  const { keys, standing, paidUntil } = subscription;
  return (
    <EmailLayout
      site={site}
      title="Your payment arrived"
      preview={`${amountWords(invoice)} for ${listOfNames(subscription.productNames)} is paid. Thank you!`}
    >
      <Paragraph>
        The payment of {amountWords(invoice)} for {listOfNames(subscription.planNames)} has arrived after all.
        Thank you!
      </Paragraph>
      {standing === "good" && (
        <Paragraph>
          Your {countWords(keys, "license goes", "licenses go")} on with the same{" "}
          {countWords(keys, "key", "keys")}
          {paidUntil ? ` and ${countWords(keys, "is", "are")} paid until ${emailDate(paidUntil)} (UTC)` : ""}.
          You do not have to do anything.
        </Paragraph>
      )}
      <ActionLink href={portalPage(site, subscription.licenseId)}>See it in the portal</ActionLink>
    </EmailLayout>
  );
}
