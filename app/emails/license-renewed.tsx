import { emailDate } from "#app/domain/email-outbox/content-words.ts";
import type { ContentOf } from "#app/domain/email-outbox/email-content.ts";
import { EmailLayout, Paragraph, type Site } from "#app/emails/layout.tsx";
import { LicenseList } from "#app/emails/license-list.tsx";

export function LicenseRenewedEmail({
  content,
  site,
}: {
  content: ContentOf<"license-renewed">;
  site: Site;
}) {
  const { license, orderNumber } = content;
  const until = license.validUntil
    ? `It now ends on ${emailDate(license.validUntil)} (UTC).`
    : "It never ends.";
  return (
    <EmailLayout
      site={site}
      title={`Your ${license.productName} license is renewed`}
      preview={`${until} The key stays the same.`}
    >
      <Paragraph>
        Thank you for your order #{orderNumber}. {until} The key stays the same, so there is nothing to enter
        again.
      </Paragraph>
      <LicenseList licenses={[license]} site={site} />
    </EmailLayout>
  );
}
