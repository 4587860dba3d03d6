import { countWords } from "#app/domain/email-outbox/content-words.ts";
import type { LicenseInEmail } from "#app/domain/email-outbox/email-content.ts";
import { planName } from "#app/domain/product/plan-words.ts";
import { ActionLink, Box, FactLine, KeyText, Paragraph, type Site, TextLink } from "#app/emails/layout.tsx";
import { paths } from "#app/paths.ts";

/** A purchase may be of a thousand seats; a mail names the first and leads to the others. */
const maxShown = 10;

/**
 * Which licenses a notice is about, and the link that does something about each: a button for a single one, a line for
 * each of several.
 */
export function LicenseList(props: { licenses: readonly LicenseInEmail[]; site: Site; link?: LicenseLink }) {
  const { licenses, site, link = { words: "See this license in the portal", href: portalPage } } = props;
  const [only] = licenses;
  if (only && licenses.length === 1)
    return (
      <>
        <Box title={planName(only.productName, only.policyName)}>
          <KeyText>{only.key}</KeyText>
        </Box>
        <ActionLink href={link.href(site, only.id)}>{link.words}</ActionLink>
      </>
    );
  const shown = licenses.slice(0, maxShown);
  const plans = [...new Set(shown.map(planOf))];
  const more = licenses.length - shown.length;
  return (
    <>
      {plans.map((plan) => (
        <Box key={plan} title={plan}>
          {shown
            .filter((license) => planOf(license) === plan)
            .map((license) => (
              <FactLine key={license.id}>
                <span translate="no">{license.key}</span>
                {!link.isShared && <br />}
                {!link.isShared && <TextLink href={link.href(site, license.id)}>{link.words}</TextLink>}
              </FactLine>
            ))}
        </Box>
      ))}
      {only && link.isShared && <ActionLink href={link.href(site, only.id)}>{link.words}</ActionLink>}
      {more > 0 && (
        <Paragraph>
          {more} more {countWords(more, "license", "licenses")} of this purchase:{" "}
          <TextLink href={`${site.appUrl}${paths.portal.licenses()}`}>see all in the portal</TextLink>.
        </Paragraph>
      )}
    </>
  );
}

export type LicenseLink = {
  words: string;
  href: (site: Site, licenseId: string) => string;
  /** It does the same from any license of the purchase, so that one button is enough. */
  isShared?: boolean;
};

export const subscriptionLink: LicenseLink = {
  words: "Manage this subscription",
  href: portalPage,
  isShared: true,
};

export const renewalLink: LicenseLink = { words: "Renew this license", href: renewalPage };

function planOf(license: LicenseInEmail): string {
  return planName(license.productName, license.policyName);
}

/** The page of a license, with the portal's list for a purchase that has none. */
export function portalPage(site: Site, licenseId: string | null): string {
  return `${site.appUrl}${licenseId === null ? paths.portal.licenses() : paths.portal.license(licenseId)}`;
}

/** The same page with its renewal dialog open. */
function renewalPage(site: Site, licenseId: string): string {
  return `${portalPage(site, licenseId)}?renew`;
}
