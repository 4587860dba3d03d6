import { may, type Role } from "#app/domain/account/roles.ts";
import { type AuditChange, auditEventLabel } from "#app/domain/audit-log/audit-words.ts";
import { paths } from "#app/paths.ts";
import { auditTargetPath } from "#app/routes/admin/audit-target-path.ts";
import { Cell, Row, Table } from "#app/ui/table.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { Time } from "#app/ui/time.tsx";

type ShownRow = {
  seq: string;
  at: string;
  actorType: string;
  actorLabel: string;
  event: string;
  targetType: string;
  targetId: string;
  reason: string | null;
  cause: string | null;
  requestId: string | null;
  changes: AuditChange[];
};

const columns = [
  { label: "When" },
  { label: "Who" },
  { label: "What" },
  { label: "About" },
  { label: "Details" },
] as const;

/** What a name alone does not tell; Stripe and timers speak for themselves. */
const kinds: Record<string, string> = { staff: "staff", customer: "customer" };

export function AuditRows({ rows, role }: { rows: readonly ShownRow[]; role: Role }) {
  return (
    <Table caption="Audit log, the newest first" columns={columns}>
      {rows.map((row) => (
        <Row key={row.seq}>
          <Cell label="When">
            <Time at={row.at} />
          </Cell>
          <Cell label="Who" breakable>
            {row.actorLabel}
            {kinds[row.actorType] && <p className="text-xs text-ink-muted">{kinds[row.actorType]}</p>}
            {row.actorType === "api-key" && (
              <p className="text-xs text-ink-muted">
                <ApiKeyKind role={role} />
              </p>
            )}
          </Cell>
          <Cell label="What">{auditEventLabel(row.event)}</Cell>
          <Cell label="About" breakable>
            <Target row={row} role={role} />
          </Cell>
          <Cell label="Details">
            {row.reason && <p>{row.reason}</p>}
            <Details row={row} />
          </Cell>
        </Row>
      ))}
    </Table>
  );
}

function ApiKeyKind({ role }: { role: Role }) {
  if (!may(role, "api-key.manage")) return "API key";
  return (
    <TextLink to={paths.admin.apiKeys()} className="inline-flex min-h-6 items-center">
      API key
    </TextLink>
  );
}

function Target({ row, role }: { row: ShownRow; role: Role }) {
  const to = auditTargetPath(row.targetType, row.targetId, role);
  const id = (
    <span translate="no" className="font-mono text-xs">
      {row.targetId}
    </span>
  );
  return to ? <TextLink to={to}>{id}</TextLink> : id;
}

function Details({ row }: { row: ShownRow }) {
  return (
    <details className="text-left text-sm">
      <summary className="min-h-6 cursor-pointer text-ink-muted">Row {row.seq}</summary>
      <dl className="mt-1 grid gap-1 text-xs">
        {row.changes.map((change) => (
          <div key={change.field}>
            <dt className="text-ink-muted">{change.field}</dt>
            <dd className="wrap-anywhere">
              <del>{change.before ?? "nothing"}</del> →{" "}
              <ins className="no-underline">{change.after ?? "nothing"}</ins>
            </dd>
          </div>
        ))}
        <Detail label="Cause" value={row.cause} />
        <Detail label="Request" value={row.requestId} />
      </dl>
      <TextLink to={paths.admin.auditLog({ seq: row.seq })} className="text-xs">
        Link to this row
      </TextLink>
    </details>
  );
}

function Detail({ label, value }: { label: string; value: string | null }) {
  if (!value) return null;
  return (
    <div>
      <dt className="text-ink-muted">{label}</dt>
      <dd className="wrap-anywhere">{value}</dd>
    </div>
  );
}
