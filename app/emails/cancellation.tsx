import { countWords, emailDate, listOfNames } from "#app/domain/email-outbox/content-words.ts";
import type { ContentOf } from "#app/domain/email-outbox/email-content.ts";
import { ActionLink, EmailLayout, Paragraph, type Site } from "#app/emails/layout.tsx";
import { portalPage } from "#app/emails/license-list.tsx";

export function CancelScheduledEmail({
  content,
  site,
}: {
  content: ContentOf<"cancel-scheduled">;
  site: Site;
}) {
  const { subscription, endsAt } = content;
  const { keys, planNames, licenseId } = subscription;
  const date = emailDate(endsAt);
  return (
    <EmailLayout
      site={site}
      title={`Your subscription ends on ${date}`}
      preview={`${listOfNames(planNames)}: nothing more is charged. You can still keep it.`}
    >
      <Paragraph>
        Your subscription {listOfNames(planNames)} is set to end on {date} (UTC). Until then your{" "}
        {countWords(keys, "license works", "licenses work")} as before; after that the{" "}
        {countWords(keys, "key is", "keys are")} no longer accepted. No further period is charged.
      </Paragraph>
      <Paragraph>Changed your mind? Until that day you can keep it, in the portal:</Paragraph>
      <ActionLink href={portalPage(site, licenseId)}>Keep the subscription</ActionLink>
    </EmailLayout>
  );
}

export function CancelUndoneEmail({ content, site }: { content: ContentOf<"cancel-undone">; site: Site }) {
  const { subscription, renewsAt } = content;
  const { keys, planNames, licenseId } = subscription;
  return (
    <EmailLayout
      site={site}
      title="Your subscription goes on"
      preview={`${listOfNames(planNames)} is no longer going to end.`}
    >
      <Paragraph>
        The cancellation was taken back: your subscription {listOfNames(planNames)} goes on, with the same{" "}
        {countWords(keys, "key", "keys")}.{renewsAt ? ` It renews on ${emailDate(renewsAt)} (UTC).` : ""} You
        do not have to do anything.
      </Paragraph>
      <ActionLink href={portalPage(site, licenseId)}>Manage your subscription</ActionLink>
    </EmailLayout>
  );
}
