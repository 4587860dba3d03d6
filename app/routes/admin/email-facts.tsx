import { emailKindLabel } from "#app/domain/email-outbox/email-words.ts";
import { maxAttempts } from "#app/domain/email-outbox/retry-schedule.ts";
import { paths } from "#app/paths.ts";
import { Card } from "#app/ui/card.tsx";
import { Fact, Facts } from "#app/ui/facts.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { Time } from "#app/ui/time.tsx";

type EmailFactsProps = {
  email: {
    kind: string;
    state: string;
    recipient: string;
    attempts: number;
    createdAt: string;
    nextAttemptAt: string;
    sentAt: string | null;
    failedAt: string | null;
    droppedAt: string | null;
    lastError: string | null;
    messageId: string;
    licenseId: string | null;
    order: { id: string; number: number } | null;
    customer: { id: string; email: string } | null;
  };
};

/** What is known about one mail, with links to what it is about. */
export function EmailFacts({ email }: EmailFactsProps) {
  const { order, customer, licenseId } = email;
  return (
    <Card title="Facts">
      <Facts>
        <Fact label="Kind">{emailKindLabel(email.kind)}</Fact>
        <Fact label="To">{email.recipient}</Fact>
        {customer && (
          <Fact label="Customer">
            <TextLink to={paths.admin.customer(customer.id)}>{customer.email}</TextLink>
          </Fact>
        )}
        {order && (
          <Fact label="Order">
            <TextLink to={paths.admin.order(order.id)}>#{order.number}</TextLink>
          </Fact>
        )}
        {licenseId && (
          <Fact label="License">
            <TextLink to={paths.admin.license(licenseId)}>Open the license</TextLink>
          </Fact>
        )}
        <Fact label="Written">
          <Time at={email.createdAt} />
        </Fact>
        {email.sentAt && (
          <Fact label="Sent">
            <Time at={email.sentAt} />
          </Fact>
        )}
        {email.failedAt && (
          <Fact label="Given up">
            <Time at={email.failedAt} />
          </Fact>
        )}
        {email.droppedAt && (
          <Fact label="Not sent">
            <Time at={email.droppedAt} />
          </Fact>
        )}
        {email.state === "queued" && (
          <Fact label="Next try">
            <Time at={email.nextAttemptAt} />
          </Fact>
        )}
        <Fact label="Tries">
          {email.attempts} of at most {maxAttempts}
        </Fact>
        {email.lastError && <Fact label={email.droppedAt ? "Why" : "Last error"}>{email.lastError}</Fact>}
        <Fact label="Message-ID">{email.messageId}</Fact>
      </Facts>
    </Card>
  );
}
