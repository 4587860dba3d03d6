import type { ReferenceEndpoint, ReferenceField } from "#app/api/v1/reference.server.ts";
import { CodeBlock, Worded } from "#app/routes/storefront/api-words.tsx";
import { Badge } from "#app/ui/badge.tsx";
import { Cell, Row, Table } from "#app/ui/table.tsx";

/** One address of the API: what it does, what it takes, what it answers. */
export function EndpointCard({ endpoint }: { endpoint: ReferenceEndpoint }) {
  const { id, method, path, summary, description, scope, takesIdempotencyKey } = endpoint;
  return (
    <article
      aria-labelledby={id}
      className="grid min-w-0 gap-4 rounded-xl border border-line bg-surface p-4 shadow-card sm:p-6"
    >
      <div className="grid gap-2">
        <h3 id={id} className="scroll-mt-4 text-base font-semibold">
          {summary}
        </h3>
        <p className="font-mono text-sm wrap-anywhere">
          <strong>{method}</strong> {path}
        </p>
        <div className="flex flex-wrap gap-2">
          <Badge tone={scope ? "info" : "good"}>{scope ? `API key: ${scope}` : "No API key"}</Badge>
          {takesIdempotencyKey && <Badge tone="neutral">Idempotency-Key</Badge>}
        </div>
        {description && (
          <p>
            <Worded text={description} />
          </p>
        )}
      </div>
      {endpoint.fields.map(({ title, rows }) => (
        <Fields key={title} title={title} caption={`${title} of ${method} ${path}`} rows={rows} />
      ))}
      <div className="grid gap-2">
        <h4 className="text-sm font-semibold">Example</h4>
        <CodeBlock text={endpoint.request} />
        {endpoint.answer !== null && (
          <details>
            <summary className="min-h-6 cursor-pointer text-sm text-accent">Example answer</summary>
            <div className="mt-2">
              <CodeBlock text={endpoint.answer} />
            </div>
          </details>
        )}
      </div>
      <Answers endpoint={endpoint} />
    </article>
  );
}

function Fields({ title, caption, rows }: { title: string; caption: string; rows: ReferenceField[] }) {
  return (
    <div className="grid gap-2">
      <h4 className="text-sm font-semibold">{title}</h4>
      <Table caption={caption} columns={[{ label: "Field" }, { label: "Holds" }, { label: "Meaning" }]}>
        {rows.map(({ name, type, required, description }) => (
          <Row key={name}>
            <Cell label="Field">
              <code className="font-mono">{name}</code>
              <span className="block text-xs text-ink-muted">{required ? "required" : "optional"}</span>
            </Cell>
            <Cell label="Holds">{type}</Cell>
            <Cell label="Meaning">{description ? <Worded text={description} /> : null}</Cell>
          </Row>
        ))}
      </Table>
    </div>
  );
}

function Answers({ endpoint: { answers, problems } }: { endpoint: ReferenceEndpoint }) {
  return (
    <div className="grid gap-2 text-sm">
      <h4 className="font-semibold">Answers</h4>
      <ul className="grid gap-1">
        {answers.map(({ status, description }) => (
          <li key={status}>
            <strong>{status}</strong> <Worded text={description} />
          </li>
        ))}
      </ul>
      <p className="text-ink-muted">
        Errors:{" "}
        {problems.map((code, index) => (
          <span key={code}>
            {index > 0 && ", "}
            <a href={`#${code}`} className="text-accent underline">
              {code}
            </a>
          </span>
        ))}
      </p>
    </div>
  );
}
