import {
  countWords,
  daysLeftWords,
  emailDate,
  emailInstant,
  listOfNames,
  priceWords,
} from "#app/domain/email-outbox/content-words.ts";
import type { ContentOf } from "#app/domain/email-outbox/email-content.ts";
import { EmailLayout, Paragraph, type Site } from "#app/emails/layout.tsx";
import { LicenseList, renewalLink, subscriptionLink } from "#app/emails/license-list.tsx";

type Content = ContentOf<"license-ending">;
type Words = { title: string; text: string; remedy: string };

export function LicenseEndingEmail({ content, site }: { content: Content; site: Site }) {
  const { licenses, ending } = content;
  const { title, text, remedy } = wordsFor(content);
  return (
    <EmailLayout site={site} title={title} preview={text}>
      <Paragraph>{text}</Paragraph>
      <Paragraph>{remedy}</Paragraph>
      {ending === "dated" ? (
        <LicenseList licenses={licenses} site={site} link={renewalLink} />
      ) : ending === "updates" ? (
        <LicenseList licenses={licenses} site={site} />
      ) : (
        <LicenseList licenses={licenses} site={site} link={subscriptionLink} />
      )}
    </EmailLayout>
  );
}

function wordsFor({ ending, end, daysLeft, licenses, price }: Content): Words {
  const count = licenses.length;
  const names = listOfNames(licenses.map((license) => license.productName));
  const mine = `${names} ${countWords(count, "license", "licenses")}`;
  const they = countWords(count, "it", "they");
  const They = countWords(count, "It", "They");
  const ends = countWords(count, "ends", "end");
  const keys = countWords(count, "key", "keys");
  const when = daysLeftWords(daysLeft);
  // The hour matters on the last days only.
  const at = daysLeft <= 1 ? emailInstant(end) : `${emailDate(end)} (UTC)`;
  const over = `From then on the ${keys} ${countWords(count, "is", "are")} no longer accepted`;
  switch (ending) {
    case "dated":
      return {
        title: `Your ${mine} ${ends} ${when}`,
        text: `${They} ${ends} on ${at}. ${over}.`,
        remedy: `Renew ${countWords(count, "it", "them")} before then and the same ${keys} ${countWords(count, "goes", "go")} on working: there is nothing to enter again.`,
      };
    case "updates":
      return {
        title: `Updates for your ${mine} end ${when}`,
        text: `New versions of ${names} are included until ${at}. Your ${countWords(count, "license itself never ends", "licenses themselves never end")}.`,
        remedy:
          "Every version that comes out until then stays yours for good, so you do not have to do anything.",
      };
    case "renews":
      return {
        title: `Your ${mine} ${countWords(count, "renews", "renew")} ${when}`,
        text: `${They} ${countWords(count, "renews by itself", "renew by themselves")} on ${at}${price ? `, for ${priceWords(price)}` : ""}. You do not have to do anything, and the ${keys} ${countWords(count, "stays", "stay")} the same.`,
        remedy: "To change the card or the plan, or to cancel, open it in the portal before then.",
      };
    case "canceled":
      return {
        title: `Your ${mine} ${ends} ${when}`,
        text: `The subscription was canceled, so ${they} ${ends} on ${at}. ${over}, and nothing more is charged.`,
        remedy: "Changed your mind? See in the portal, before then, how it can go on.",
      };
  }
}
