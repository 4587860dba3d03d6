import { listOfNames } from "#app/domain/email-outbox/content-words.ts";
import type { EmailContent } from "#app/domain/email-outbox/email-content.ts";
import { EmailLayout, Paragraph, type Site, TextLink } from "#app/emails/layout.tsx";
import { LicenseBox } from "#app/emails/license-box.tsx";
import { paths } from "#app/paths.ts";

type Content = Extract<EmailContent, { kind: "license-issued" }>;

export function LicenseIssuedEmail({ content, site }: { content: Content; site: Site }) {
  const { licenses, orderNumber } = content;
  const names = listOfNames(licenses.map((license) => license.productName));
  const several = licenses.length > 1;
  return (
    <EmailLayout
      site={site}
      title={`Your ${names} license ${several ? "keys" : "key"}`}
      preview={`Order #${orderNumber}: the key to unlock ${names} is inside.`}
    >
      <Paragraph>
        Thank you for your order #{orderNumber}.{" "}
        {several
          ? `Here are your ${licenses.length} license keys. Enter one in the app on each computer or for each person.`
          : "Here is your license key. Enter it in the app to unlock it."}
      </Paragraph>
      {licenses.map((license) => (
        <LicenseBox key={license.id} license={license} site={site} />
      ))}
      <Paragraph>
        Keep this email. If you lose it, sign in with this address to find your {several ? "keys" : "key"} in{" "}
        <TextLink href={`${site.appUrl}${paths.portal.licenses()}`}>your portal</TextLink>.
      </Paragraph>
    </EmailLayout>
  );
}
