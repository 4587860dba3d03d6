import { countWords } from "#app/domain/email-outbox/content-words.ts";
import type { LicenseInEmail } from "#app/domain/email-outbox/email-content.ts";
import { planName } from "#app/domain/product/plan-words.ts";
import { Box, FactLine, KeyText, Paragraph, type Site, TextLink } from "#app/emails/layout.tsx";
import { paths } from "#app/paths.ts";

/** A purchase may be of a thousand seats; a mail names the first and leads to the others. */
const maxShown = 10;

/** Which licenses a notice is about: their plan, masked key and the link to each. */
export function LicenseList(props: {
  licenses: readonly LicenseInEmail[];
  site: Site;
  /** Other words for the link, and where it leads instead of to the license's page. */
  link?: { words: string; href: (licenseId: string) => string };
}) {
  const { licenses, site, link } = props;
  const more = licenses.length - maxShown;
  return (
    <>
      {licenses.slice(0, maxShown).map((license) => (
        <Box key={license.id} title={planName(license.productName, license.policyName)}>
          <KeyText>{license.key}</KeyText>
          <FactLine>
            <TextLink
              href={link ? link.href(license.id) : `${site.appUrl}${paths.portal.license(license.id)}`}
            >
              {link ? link.words : "See this license in the portal"}
            </TextLink>
          </FactLine>
        </Box>
      ))}
      {more > 0 && (
        <Paragraph>
          {more} more {countWords(more, "license", "licenses")} of this purchase:{" "}
          <TextLink href={`${site.appUrl}${paths.portal.licenses()}`}>see all in the portal</TextLink>.
        </Paragraph>
      )}
    </>
  );
}

/** The page of a license, with the portal's list for a purchase that has none. */
export function portalPage(site: Site, licenseId: string | null): string {
  return `${site.appUrl}${licenseId === null ? paths.portal.licenses() : paths.portal.license(licenseId)}`;
}

/** The same page with its renewal dialog open. */
export function renewalPage(site: Site, licenseId: string): string {
  return `${portalPage(site, licenseId)}?renew`;
}
