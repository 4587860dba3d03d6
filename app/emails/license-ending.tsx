import {
  countWords,
  daysLeftWords,
  emailDate,
  emailInstant,
  listOfNames,
  priceWords,
} from "#app/domain/email-outbox/content-words.ts";
import type { ContentOf } from "#app/domain/email-outbox/email-content.ts";
import { ActionLink, EmailLayout, Paragraph, type Site, TextLink } from "#app/emails/layout.tsx";
import { LicenseList, portalPage, renewalPage } from "#app/emails/license-list.tsx";

type Content = ContentOf<"license-ending">;
type Words = { title: string; text: string; remedy: string; action: string };

export function LicenseEndingEmail({ content, site }: { content: Content; site: Site }) {
  const { licenses, ending } = content;
  const { title, text, remedy, action } = wordsFor(content);
  const [only] = licenses;
  const renews = ending === "dated";
  return (
    <EmailLayout site={site} title={title} preview={text}>
      <Paragraph>{text}</Paragraph>
      <Paragraph>{remedy}</Paragraph>
      {renews && licenses.length > 1 ? (
        <LicenseList
          licenses={licenses}
          site={site}
          link={{ words: "Renew this license", href: (id) => renewalPage(site, id) }}
        />
      ) : (
        <LicenseList licenses={licenses} site={site} />
      )}
      {only && licenses.length === 1 && (
        <ActionLink href={renews ? renewalPage(site, only.id) : portalPage(site, only.id)}>
          {action}
        </ActionLink>
      )}
      <Paragraph>
        All you have from us is in <TextLink href={portalPage(site, null)}>your portal</TextLink>.
      </Paragraph>
    </EmailLayout>
  );
}

function wordsFor({ ending, end, daysLeft, licenses, price }: Content): Words {
  const names = listOfNames(licenses.map((license) => license.productName));
  const one = licenses.length === 1;
  const mine = `Your ${names} ${countWords(licenses.length, "license", "licenses")}`;
  // The hour matters on the last days only.
  const at = daysLeft <= 1 ? emailInstant(end) : `${emailDate(end)} (UTC)`;
  const when = `${daysLeftWords(daysLeft)}, on ${at}`;
  switch (ending) {
    case "dated":
      return {
        title: `${mine} ${one ? "ends" : "end"} ${daysLeftWords(daysLeft)}`,
        text: `${mine} ${one ? "ends" : "end"} ${when}. From then on the ${one ? "key is" : "keys are"} no longer accepted.`,
        remedy: `Renew ${one ? "it" : "them"} before then and the same ${one ? "key goes" : "keys go"} on working: there is nothing to enter again.`,
        action: "Renew this license",
      };
    case "updates":
      return {
        title: `Updates for your ${names} ${one ? "license" : "licenses"} end ${daysLeftWords(daysLeft)}`,
        text: `New versions of ${names} are included until ${at}. Your ${one ? "license itself never ends" : "licenses themselves never end"}.`,
        remedy:
          "Every version that comes out until then stays yours for good, so you do not have to do anything.",
        action: "See this license in the portal",
      };
    case "renews":
      return {
        title: `${mine} ${one ? "renews" : "renew"} ${daysLeftWords(daysLeft)}`,
        text: `${mine} ${one ? "renews by itself" : "renew by themselves"} ${when}${price ? `, for ${priceWords(price)}` : ""}. You do not have to do anything, and the ${one ? "key stays" : "keys stay"} the same.`,
        remedy: "To change the card or the plan, or to cancel, open the license in the portal before then.",
        action: "Manage this subscription",
      };
    case "canceled":
      return {
        title: `${mine} ${one ? "ends" : "end"} ${daysLeftWords(daysLeft)}`,
        text: `The subscription was canceled, so ${mine.replace(/^Your/, "your")} ${one ? "ends" : "end"} ${when}. From then on the ${one ? "key is" : "keys are"} no longer accepted, and nothing more is charged.`,
        remedy: "Changed your mind? Open the license in the portal before then to see how it can go on.",
        action: "See this license in the portal",
      };
  }
}
