import { emailDate, listOfNames } from "#app/domain/email-outbox/content-words.ts";
import type { ContentOf } from "#app/domain/email-outbox/email-content.ts";
import { amountWords, meaningWords, PaymentLinks } from "#app/emails/invoice-parts.tsx";
import { EmailLayout, Paragraph, type Site } from "#app/emails/layout.tsx";

type Content = ContentOf<"renewal-failed">;

const titles: Record<Content["stage"], string> = {
  first: "Your renewal payment failed",
  reminder: "Your renewal is still unpaid",
  final: "Last reminder: your renewal is unpaid",
};

export function RenewalFailedEmail({ content, site }: { content: Content; site: Site }) {
  const { stage, invoice, subscription } = content;
  const meaning = meaningWords(subscription);
  return (
    <EmailLayout site={site} title={titles[stage]} preview={meaning}>
      <Paragraph>
        {stage === "first" ? "We could not collect" : "We still could not collect"} {amountWords(invoice)} for{" "}
        {listOfNames(subscription.planNames)}. This happens for example when a card has expired.
      </Paragraph>
      <Paragraph>{meaning}</Paragraph>
      <Paragraph>
        {invoice.nextAttempt
          ? `We try again on ${emailDate(invoice.nextAttempt)} (UTC). You can pay now, or update your card before then.`
          : "There is no further try by itself, so please pay it or update your card."}
      </Paragraph>
      <PaymentLinks invoice={invoice} subscription={subscription} site={site} pay="Pay now" />
    </EmailLayout>
  );
}
