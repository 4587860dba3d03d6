import { licenseEnd } from "#app/domain/email-outbox/content-words.ts";
import type { EmailContent, LicenseChange, LicenseInEmail } from "#app/domain/email-outbox/email-content.ts";
import { planName } from "#app/domain/product/plan-words.ts";
import {
  ActionLink,
  Box,
  EmailLayout,
  FactLine,
  KeyText,
  Paragraph,
  Quote,
  type Site,
} from "#app/emails/layout.tsx";
import { paths } from "#app/paths.ts";

type Content = Extract<EmailContent, { kind: "license-changed" }>;

/** What happened and what it means for the person, in two sentences. */
function wordsFor(
  change: LicenseChange,
  license: LicenseInEmail,
  site: Site,
): { title: string; text: string } {
  const name = license.productName;
  switch (change) {
    case "extended":
      return {
        title: `Your ${name} license was extended`,
        text: license.validUntil
          ? "It has the new end date below. Your key stays the same, so there is nothing to enter again."
          : "From now on it never ends. Your key stays the same, so there is nothing to enter again.",
      };
    case "suspended":
      return {
        title: `Your ${name} license is suspended`,
        text: `For now the key is not accepted. The license is not lost: it can be reinstated, with the same key. If you did not expect this, contact ${site.shopName}.`,
      };
    case "reinstated":
      return {
        title: `Your ${name} license works again`,
        text: "The suspension was lifted. Your key stays the same, so there is nothing to enter again.",
      };
    case "revoked":
      return {
        title: `Your ${name} license was revoked`,
        text: `The key is no longer accepted, and this is final. If you think this is a mistake, contact ${site.shopName}.`,
      };
  }
}

export function LicenseChangedEmail({ content, site }: { content: Content; site: Site }) {
  const { change, license, note, orderNumber } = content;
  const { title, text } = wordsFor(change, license, site);
  return (
    <EmailLayout site={site} title={title} preview={text}>
      <Paragraph>{text}</Paragraph>
      {note && <Paragraph>{site.shopName} writes:</Paragraph>}
      {note && <Quote>{note}</Quote>}
      <Box title={planName(license.productName, license.policyName)}>
        <KeyText>{license.key}</KeyText>
        {change !== "revoked" && <FactLine>{licenseEnd(license)}</FactLine>}
        {orderNumber !== null && <FactLine>Order #{orderNumber}</FactLine>}
      </Box>
      <ActionLink href={`${site.appUrl}${paths.portal.license(license.id)}`}>
        See this license in the portal
      </ActionLink>
    </EmailLayout>
  );
}
