import { emailDate, listOfNames, priceWords } from "#app/domain/email-outbox/content-words.ts";
import type { ContentOf } from "#app/domain/email-outbox/email-content.ts";
import { ActionLink, EmailLayout, Paragraph, type Site } from "#app/emails/layout.tsx";
import { portalPage } from "#app/emails/license-list.tsx";

export function TrialEndingEmail({ content, site }: { content: ContentOf<"trial-ending">; site: Site }) {
  const { subscription, trialEnd } = content;
  const { price, planNames, productNames } = subscription;
  const date = emailDate(trialEnd);
  return (
    <EmailLayout
      site={site}
      title={`Your free trial ends on ${date}`}
      preview={`${listOfNames(productNames)} goes on by itself then. You can still cancel for free.`}
    >
      <Paragraph>
        Your free trial of {listOfNames(planNames)} ends on {date} (UTC). After that your subscription goes on
        by itself{price ? `, for ${priceWords(price)}` : ""}. You do not have to do anything; your keys stay
        the same.
      </Paragraph>
      <Paragraph>
        You do not want to go on? Cancel in the portal before then and nothing is charged. If no card is on
        file, add one there too: without it the licenses are suspended when the trial ends.
      </Paragraph>
      <ActionLink href={portalPage(site, subscription.licenseId)}>Manage your subscription</ActionLink>
    </EmailLayout>
  );
}
