import { listOfNames } from "#app/domain/email-outbox/content-words.ts";
import type { ContentOf } from "#app/domain/email-outbox/email-content.ts";
import { amountWords, meaningWords, PaymentLinks } from "#app/emails/invoice-parts.tsx";
import { EmailLayout, Paragraph, type Site } from "#app/emails/layout.tsx";

export function PaymentActionRequiredEmail({
  content,
  site,
}: {
  content: ContentOf<"payment-action-required">;
  site: Site;
}) {
  const { invoice, subscription } = content;
  const meaning = meaningWords(subscription);
  return (
    <EmailLayout
      site={site}
      title="Please confirm your payment"
      preview={`Your bank asks you to confirm ${amountWords(invoice)}.`}
    >
      <Paragraph>
        Your bank asks you to confirm the payment of {amountWords(invoice)} for{" "}
        {listOfNames(subscription.planNames)}. Without it the renewal cannot be collected.
      </Paragraph>
      <Paragraph>{meaning}</Paragraph>
      <PaymentLinks invoice={invoice} subscription={subscription} site={site} pay="Confirm the payment" />
    </EmailLayout>
  );
}
