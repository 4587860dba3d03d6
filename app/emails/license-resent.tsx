import type { EmailContent } from "#app/domain/email-outbox/email-content.ts";
import { EmailLayout, Paragraph, type Site } from "#app/emails/layout.tsx";
import { LicenseBox } from "#app/emails/license-box.tsx";

type Content = Extract<EmailContent, { kind: "license-resent" }>;

export function LicenseResentEmail({ content, site }: { content: Content; site: Site }) {
  const { license, orderNumber } = content;
  return (
    <EmailLayout
      site={site}
      title={`Your ${license.productName} license key again`}
      preview={`The key to unlock ${license.productName} is inside.`}
    >
      <Paragraph>
        Here is your license key again, as asked for{orderNumber === null ? "" : ` (order #${orderNumber})`}.
        It is the same key as before: where it is in use, nothing changes.
      </Paragraph>
      <LicenseBox license={license} site={site} />
    </EmailLayout>
  );
}
