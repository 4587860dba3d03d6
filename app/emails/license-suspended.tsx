import { listOfNames } from "#app/domain/email-outbox/content-words.ts";
import type { ContentOf, HoldKind } from "#app/domain/email-outbox/email-content.ts";
import { ActionLink, EmailLayout, Paragraph, type Site } from "#app/emails/layout.tsx";
import { LicenseList, subscriptionLink } from "#app/emails/license-list.tsx";

type Content = ContentOf<"license-suspended">;

export function LicenseSuspendedEmail({ content, site }: { content: Content; site: Site }) {
  const { licenses, hold, reason, invoiceUrl } = content;
  const names = listOfNames(licenses.map((license) => license.productName));
  const one = licenses.length === 1;
  const text = `For now the ${one ? "key is" : "keys are"} not accepted. Nothing is lost: as soon as this is settled, the same ${one ? "key works" : "keys work"} again.`;
  const isPayment = hold === "unpaid" || hold === "pause";
  return (
    <EmailLayout
      site={site}
      title={`Your ${names} ${one ? "license is" : "licenses are"} suspended`}
      preview={`${reason} ${text}`}
    >
      <Paragraph>{reason || "Your purchase is being looked at."}</Paragraph>
      <Paragraph>{text}</Paragraph>
      <Paragraph>{remedies[hold](site.shopName)}</Paragraph>
      {isPayment && invoiceUrl && <ActionLink href={invoiceUrl}>Pay the open invoice</ActionLink>}
      <LicenseList licenses={licenses} site={site} {...(isPayment && { link: subscriptionLink })} />
    </EmailLayout>
  );
}

const remedies: Record<HoldKind, (shopName: string) => string> = {
  unpaid: () => "Pay what is open or update your card in the portal; everything works again by itself then.",
  pause: () => "Open the license in the portal to resume the subscription or to update your card.",
  dispute: (shop) =>
    `If you did not mean to dispute the payment, withdraw the dispute at your bank and tell ${shop}. Until the bank has decided, the license stays suspended.`,
  fraud: (shop) => `If you made this payment yourself, please tell your bank and ${shop}.`,
  refund: (shop) => `If you did not expect this, contact ${shop}.`,
  other: (shop) => `If you did not expect this, contact ${shop}.`,
};
