import { deviceLimitWords, emailDate, licenseEnd } from "#app/domain/email-outbox/content-words.ts";
import type { LicenseInEmail } from "#app/domain/email-outbox/email-content.ts";
import { planName } from "#app/domain/product/plan-words.ts";
import { Box, FactLine, KeyText, type Site, TextLink } from "#app/emails/layout.tsx";
import { paths } from "#app/paths.ts";

/** One license: its key, what it allows, how long, and where to see it again. */
export function LicenseBox({ license, site }: { license: LicenseInEmail; site: Site }) {
  return (
    <Box title={planName(license.productName, license.policyName)}>
      <KeyText>{license.key}</KeyText>
      {license.standing === "suspended" && (
        <FactLine>Suspended for now: the key is not accepted until the license is reinstated</FactLine>
      )}
      <FactLine>{deviceLimitWords(license.deviceLimit)}</FactLine>
      <FactLine>{licenseEnd(license)}</FactLine>
      {license.updatesUntil && (
        <FactLine>New versions are included until {emailDate(license.updatesUntil)} (UTC)</FactLine>
      )}
      <FactLine>
        <TextLink href={`${site.appUrl}${paths.portal.license(license.id)}`}>
          See this license in the portal
        </TextLink>
      </FactLine>
    </Box>
  );
}
