import type { EmailState } from "#app/domain/email-outbox/email.ts";
import { emailKindLabel } from "#app/domain/email-outbox/email-words.ts";
import { paths } from "#app/paths.ts";
import { EmailStateBadge } from "#app/routes/admin/email-state-badge.tsx";
import { Cell, Row, Table } from "#app/ui/table.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { Time } from "#app/ui/time.tsx";

type ListedEmail = {
  id: string;
  kind: string;
  subject: string | null;
  recipient: string;
  state: EmailState;
  attempts: number;
  createdAt: string;
};

const columns = [{ label: "Subject" }, { label: "To" }, { label: "Status" }, { label: "Written" }] as const;

/** Some mails, as the page of a customer shows them. */
export function EmailsTable({ caption, emails }: { caption: string; emails: readonly ListedEmail[] }) {
  return (
    <Table caption={caption} columns={columns}>
      {emails.map((email) => (
        <Row key={email.id}>
          <Cell label="Subject">
            <TextLink to={paths.admin.email(email.id)}>
              {email.subject ?? emailKindLabel(email.kind)}
            </TextLink>
          </Cell>
          <Cell label="To" breakable>
            {email.recipient}
          </Cell>
          <Cell label="Status">
            <EmailStateBadge state={email.state} tries={email.attempts} />
          </Cell>
          <Cell label="Written">
            <Time at={email.createdAt} />
          </Cell>
        </Row>
      ))}
    </Table>
  );
}
