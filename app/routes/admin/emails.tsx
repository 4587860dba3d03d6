import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { emailKinds, emailStates } from "#app/domain/email-outbox/email.ts";
import { isMailConfigured, listEmails } from "#app/domain/email-outbox/email-outbox.queries.server.ts";
import { emailKindLabel, emailKindLabels, emailStateLabels } from "#app/domain/email-outbox/email-words.ts";
import { parseQuery } from "#app/http/forms.server.ts";
import { requireStaff } from "#app/http/guards.server.ts";
import { paths } from "#app/paths.ts";
import { EmailListQuery } from "#app/routes/admin/email-forms.server.ts";
import { EmailStateBadge } from "#app/routes/admin/email-state-badge.tsx";
import { Banner } from "#app/ui/banner.tsx";
import { EmptyState } from "#app/ui/empty-state.tsx";
import { SelectField, TextField } from "#app/ui/field.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { Pager } from "#app/ui/pager.tsx";
import { FilterBar } from "#app/ui/search-form.tsx";
import { Cell, Row, Table } from "#app/ui/table.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { Time } from "#app/ui/time.tsx";

export const meta: MetaFunction = () => [{ title: "Emails · Latchkey" }];

export async function loader({ request }: LoaderFunctionArgs) {
  await requireStaff(request, "email.read");
  const query = parseQuery(request, EmailListQuery);
  const { state, kind, q } = query;
  const page = await listEmails(query);
  return {
    filter: { state, kind, q },
    emails: page.rows,
    previous: page.previous && paths.admin.emails({ state, kind, q, before: page.previous }),
    next: page.next && paths.admin.emails({ state, kind, q, after: page.next }),
    mailConfigured: isMailConfigured(),
  };
}

type Listed = ReturnType<typeof useLoaderData<typeof loader>>["emails"][number];

const columns = [
  { label: "Subject" },
  { label: "To" },
  { label: "Status" },
  { label: "Tries", align: "right" },
  { label: "Written" },
  { label: "Sent or due" },
] as const;

export default function Emails() {
  const { emails, filter, previous, next, mailConfigured } = useLoaderData<typeof loader>();
  const filtered = Boolean(filter.state || filter.kind || filter.q);
  return (
    <>
      <PageHeader title="Emails" lead="Every email Latchkey has sent or is about to send." />
      {!mailConfigured && (
        <div className="mb-5">
          <Banner tone="warning" title="Emails are not being sent">
            SMTP_URL is not set. Emails wait here and can be read; they go out once it is set.
          </Banner>
        </div>
      )}
      <FilterBar
        label="Filter emails"
        clearTo={filtered ? paths.admin.emails() : undefined}
        key={JSON.stringify(filter)}
      >
        <TextField label="Address or ID" name="q" type="search" defaultValue={filter.q} maxLength={200} />
        <SelectField
          label="Status"
          name="state"
          defaultValue={filter.state ?? ""}
          options={[
            { value: "", label: "Any" },
            ...emailStates.map((value) => ({ value, label: emailStateLabels[value] })),
          ]}
        />
        <SelectField
          label="Kind"
          name="kind"
          defaultValue={filter.kind ?? ""}
          options={[
            { value: "", label: "Any" },
            ...emailKinds.map((value) => ({ value, label: emailKindLabels[value] })),
          ]}
        />
      </FilterBar>
      {emails.length === 0 ? (
        <EmptyState title={filtered ? "No email matches" : "No emails yet"}>
          {filtered
            ? "Try another address, status or kind."
            : "The first purchase or sign-in writes the first one."}
        </EmptyState>
      ) : (
        <Table caption="Emails, the newest first" columns={columns}>
          {emails.map((email) => (
            <EmailRow key={email.id} email={email} />
          ))}
        </Table>
      )}
      <Pager previous={previous ?? undefined} next={next ?? undefined} label="Pages of emails" />
    </>
  );
}

function EmailRow({ email }: { email: Listed }) {
  const at = email.sentAt ?? (email.state === "queued" ? email.nextAttemptAt : null);
  return (
    <Row>
      <Cell label="Subject">
        <TextLink to={paths.admin.email(email.id)}>{email.subject ?? emailKindLabel(email.kind)}</TextLink>
      </Cell>
      <Cell label="To" breakable>
        {email.recipient}
      </Cell>
      <Cell label="Status">
        <EmailStateBadge state={email.state} tries={email.attempts} />
        {email.lastError && <p className="mt-1 text-xs text-ink-muted">{email.lastError}</p>}
      </Cell>
      <Cell label="Tries" align="right">
        {email.attempts}
      </Cell>
      <Cell label="Written">
        <Time at={email.createdAt} />
      </Cell>
      <Cell label="Sent or due">{at ? <Time at={at} /> : "–"}</Cell>
    </Row>
  );
}
