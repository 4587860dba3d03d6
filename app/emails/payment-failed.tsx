import { listOfNames } from "#app/domain/email-outbox/content-words.ts";
import type { EmailContent } from "#app/domain/email-outbox/email-content.ts";
import { ActionLink, EmailLayout, Paragraph, type Site } from "#app/emails/layout.tsx";
import { paths } from "#app/paths.ts";

type Content = Extract<EmailContent, { kind: "payment-failed" }>;

export function PaymentFailedEmail({ content, site }: { content: Content; site: Site }) {
  return (
    <EmailLayout
      site={site}
      title="Your payment did not arrive"
      preview={`Order #${content.orderNumber}: no license was issued. You can order again.`}
    >
      <Paragraph>
        The payment for your order #{content.orderNumber}, {listOfNames(content.productNames)}, was not
        completed, so no license was issued.
      </Paragraph>
      <Paragraph>You can order again at any time, with another way to pay if you like:</Paragraph>
      <ActionLink href={`${site.appUrl}${paths.home()}`}>Order again</ActionLink>
      <Paragraph>
        If the money has left your account all the same, tell {site.shopName} the order number #
        {content.orderNumber}.
      </Paragraph>
    </EmailLayout>
  );
}
