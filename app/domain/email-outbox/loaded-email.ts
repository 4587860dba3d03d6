import type { EmailContent } from "#app/domain/email-outbox/email-content.ts";

export type LoadedEmail = {
  /** null when what the mail is about is gone. */
  content: EmailContent | null;
  /** Why the mail must not be sent (any more), in a sentence for staff; null = it is true now. */
  noLongerTrue: string | null;
};

export type LoadOptions = { reveal: boolean; now: Date };

export function gone(what: string): LoadedEmail {
  return { content: null, noLongerTrue: `The ${what} no longer exists.` };
}

/** The first reason among the checks that objects; null when all are content. */
export function firstReason(...checks: readonly (string | null | false)[]): string | null {
  return checks.find((check): check is string => typeof check === "string") ?? null;
}
