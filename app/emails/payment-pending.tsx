import { listOfNames } from "#app/domain/email-outbox/content-words.ts";
import type { EmailContent } from "#app/domain/email-outbox/email-content.ts";
import { EmailLayout, Paragraph, type Site } from "#app/emails/layout.tsx";

type Content = Extract<EmailContent, { kind: "payment-pending" }>;

export function PaymentPendingEmail({ content, site }: { content: Content; site: Site }) {
  return (
    <EmailLayout
      site={site}
      title="Your payment is on its way"
      preview={`Order #${content.orderNumber}: the license follows as soon as the money has arrived.`}
    >
      <Paragraph>
        Thank you for your order #{content.orderNumber}: {listOfNames(content.productNames)}.
      </Paragraph>
      <Paragraph>
        The way you chose to pay takes some time, often several days. As soon as the payment has arrived, we
        send your license key to this address. You do not have to do anything; please do not pay a second
        time.
      </Paragraph>
    </EmailLayout>
  );
}
