import { countWords, listOfNames, priceWords } from "#app/domain/email-outbox/content-words.ts";
import type { ContentOf } from "#app/domain/email-outbox/email-content.ts";
import { ActionLink, EmailLayout, FactLine, Paragraph, type Site } from "#app/emails/layout.tsx";
import { portalPage } from "#app/emails/license-list.tsx";

export function SeatsChangedEmail({ content, site }: { content: ContentOf<"seats-changed">; site: Site }) {
  const { subscription, before, after } = content;
  const { keys, planNames, price, licenseId } = subscription;
  const seats = countWords(after, "1 seat", `${after} seats`);
  return (
    <EmailLayout
      site={site}
      title={`Your subscription now has ${seats}`}
      preview={`${listOfNames(planNames)}: ${seats} instead of ${before}.`}
    >
      <Paragraph>
        Your subscription {listOfNames(planNames)} now has {seats}; before it had {before}.{" "}
        {meaningOf({ before, after, keys })}
      </Paragraph>
      {price && <FactLine>It costs {priceWords(price)}.</FactLine>}
      <ActionLink href={portalPage(site, licenseId)}>See your keys and seats in the portal</ActionLink>
    </EmailLayout>
  );
}

/** Seats are keys of their own, or devices of one key, as the plan has it. */
function meaningOf({ before, after, keys }: { before: number; after: number; keys: number }): string {
  if (keys === 1 && Math.max(before, after) > 1)
    return "Your key stays the same; only the number of devices it may run on has changed.";
  if (after > before) {
    const added = after - before;
    return `Your keys stay the same, and ${countWords(added, "1 key was", `${added} keys were`)} added. You find ${countWords(added, "it", "them")} in the portal.`;
  }
  return "The keys that are left over no longer work; they are kept, and come back if you add seats again. The others stay as they are.";
}

export function PlanChangedEmail({ content, site }: { content: ContentOf<"plan-changed">; site: Site }) {
  const { planNames, price, keys, licenseId } = content.subscription;
  return (
    <EmailLayout
      site={site}
      title="Your plan has changed"
      preview={`You now have ${listOfNames(planNames)}. Your ${countWords(keys, "key stays", "keys stay")} the same.`}
    >
      <Paragraph>
        You now have {listOfNames(planNames)}
        {price ? `, for ${priceWords(price)}` : ""}. Your {countWords(keys, "key stays", "keys stay")} the
        same and {countWords(keys, "follows", "follow")} the new plan by{" "}
        {countWords(keys, "itself", "themselves")}: there is nothing to enter again.
      </Paragraph>
      <ActionLink href={portalPage(site, licenseId)}>See what it includes in the portal</ActionLink>
    </EmailLayout>
  );
}
