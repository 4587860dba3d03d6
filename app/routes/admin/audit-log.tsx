import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { auditEvents } from "#app/domain/audit-log/audit-event.ts";
import { listAuditLog } from "#app/domain/audit-log/audit-log.queries.server.ts";
import { auditEventLabel } from "#app/domain/audit-log/audit-words.ts";
import { verifyAuditLog } from "#app/domain/audit-log/seal-audit-log.server.ts";
import { parseQuery } from "#app/http/forms.server.ts";
import { requireStaff } from "#app/http/guards.server.ts";
import { paths } from "#app/paths.ts";
import { AuditRows } from "#app/routes/admin/audit-rows.tsx";
import { AuditVerdict } from "#app/routes/admin/audit-verdict.tsx";
import { AuditLogQuery } from "#app/routes/admin/list-queries.server.ts";
import { ButtonLink } from "#app/ui/button.tsx";
import { EmptyState } from "#app/ui/empty-state.tsx";
import { SelectField, TextField } from "#app/ui/field.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { Pager } from "#app/ui/pager.tsx";
import { FilterBar } from "#app/ui/search-form.tsx";

export const meta: MetaFunction = () => [{ title: "Audit log · Latchkey" }];

export async function loader({ request }: LoaderFunctionArgs) {
  const { role } = await requireStaff(request, "audit.read");
  const { verify, after, before, ...filter } = parseQuery(request, AuditLogQuery);
  const page = await listAuditLog({ ...filter, after, before });
  const verdict = verify ? await verifyAuditLog() : null;
  return {
    filter,
    role,
    rows: page.rows,
    previous: page.previous && paths.admin.auditLog({ ...filter, before: page.previous }),
    next: page.next && paths.admin.auditLog({ ...filter, after: page.next }),
    verifyTo: paths.admin.auditLog({ ...filter, after, before, verify: "now" }),
    verdict: verdict && { ...verdict, firstBadSeq: verdict.firstBadSeq?.toString() ?? null },
  };
}

type Filter = ReturnType<typeof useLoaderData<typeof loader>>["filter"];

export default function AuditLog() {
  const { role, rows, filter, previous, next, verdict, verifyTo } = useLoaderData<typeof loader>();
  const filtered = Object.values(filter).some(Boolean);
  return (
    <>
      <PageHeader
        title="Audit log"
        lead="Who did what, when and why. Rows are only ever added; a chain of seals shows whether one was altered."
        actions={
          <ButtonLink to={verifyTo} variant="secondary">
            Check the chain
          </ButtonLink>
        }
      />
      {verdict && <AuditVerdict verdict={verdict} />}
      <AuditFilter filter={filter} filtered={filtered} />
      {rows.length === 0 ? <NoRows filtered={filtered} /> : <AuditRows rows={rows} role={role} />}
      <Pager previous={previous ?? undefined} next={next ?? undefined} label="Pages of the audit log" />
    </>
  );
}

const eventOptions = [
  { value: "", label: "Any" },
  ...auditEvents.map((value) => ({ value, label: auditEventLabel(value) })),
];

function AuditFilter({ filter, filtered }: { filter: Filter; filtered: boolean }) {
  return (
    <FilterBar
      label="Filter the audit log"
      clearTo={filtered ? paths.admin.auditLog() : undefined}
      key={JSON.stringify(filter)}
    >
      <TextField
        label="Reason, cause or request ID"
        name="text"
        type="search"
        defaultValue={filter.text}
        maxLength={200}
      />
      <SelectField label="What" name="event" defaultValue={filter.event ?? ""} options={eventOptions} />
      <TextField
        label="Who"
        name="actor"
        defaultValue={filter.actor}
        maxLength={200}
        placeholder="staff, stripe or an address"
      />
      <TextField
        label="About (ID)"
        name="target"
        defaultValue={filter.target}
        maxLength={200}
        placeholder="lic_…, ord_…, cust_…"
      />
    </FilterBar>
  );
}

function NoRows({ filtered }: { filtered: boolean }) {
  if (!filtered)
    return (
      <EmptyState title="Nothing recorded yet">
        The first sale or act of staff writes the first row.
      </EmptyState>
    );
  return (
    <EmptyState
      title="Nothing matches"
      action={
        <ButtonLink to={paths.admin.auditLog()} variant="secondary">
          Show everything
        </ButtonLink>
      }
    >
      An ID has to be whole; an address or a reason may be just a part.
    </EmptyState>
  );
}
