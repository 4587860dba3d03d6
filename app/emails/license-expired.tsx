import { emailDate, listOfNames } from "#app/domain/email-outbox/content-words.ts";
import type { ContentOf } from "#app/domain/email-outbox/email-content.ts";
import { ActionLink, EmailLayout, Paragraph, type Site } from "#app/emails/layout.tsx";
import { LicenseList, renewalLink } from "#app/emails/license-list.tsx";
import { paths } from "#app/paths.ts";

type Content = ContentOf<"license-expired">;

export function LicenseExpiredEmail({ content, site }: { content: Content; site: Site }) {
  const { licenses, end, isSubscription } = content;
  const names = listOfNames(licenses.map((license) => license.productName));
  const one = licenses.length === 1;
  const title = `Your ${names} ${one ? "license has" : "licenses have"} ended`;
  const text = `${one ? "It" : "They"} ended on ${emailDate(end)} (UTC), so the ${one ? "key is" : "keys are"} no longer accepted.`;
  return (
    <EmailLayout site={site} title={title} preview={text}>
      <Paragraph>{text}</Paragraph>
      {isSubscription ? (
        <>
          <Paragraph>
            The subscription is over and nothing more is charged. You are welcome back at any time; a new
            subscription brings new keys.
          </Paragraph>
          <ActionLink href={`${site.appUrl}${paths.home()}`}>Subscribe again</ActionLink>
          <LicenseList licenses={licenses} site={site} />
        </>
      ) : (
        <>
          <Paragraph>
            You can still renew {one ? "it" : "them"}: the {one ? "key stays" : "keys stay"} the same and{" "}
            {one ? "works" : "work"} again at once.
          </Paragraph>
          <LicenseList licenses={licenses} site={site} link={renewalLink} />
        </>
      )}
    </EmailLayout>
  );
}
