import { listOfNames } from "#app/domain/email-outbox/content-words.ts";
import type { ContentOf, HoldKind } from "#app/domain/email-outbox/email-content.ts";
import { EmailLayout, Paragraph, type Site } from "#app/emails/layout.tsx";
import { LicenseList } from "#app/emails/license-list.tsx";

export function LicenseReinstatedEmail({
  content,
  site,
}: {
  content: ContentOf<"license-reinstated">;
  site: Site;
}) {
  const { licenses, hold } = content;
  const names = listOfNames(licenses.map((license) => license.productName));
  const one = licenses.length === 1;
  const text = `The ${one ? "key is" : "keys are"} accepted again, as before. There is nothing to enter again.`;
  return (
    <EmailLayout
      site={site}
      title={`Your ${names} ${one ? "license works" : "licenses work"} again`}
      preview={text}
    >
      <Paragraph>{because[hold]}</Paragraph>
      <Paragraph>{text}</Paragraph>
      <LicenseList licenses={licenses} site={site} />
    </EmailLayout>
  );
}

const because: Record<HoldKind, string> = {
  unpaid: "Your payment has arrived. Thank you!",
  pause: "Your subscription is running again.",
  dispute: "The dispute about your payment is settled.",
  fraud: "Your bank's warning about your payment is settled.",
  refund: "The refund of your payment did not go through, so your purchase stands.",
  other: "What had suspended your purchase is settled.",
};
