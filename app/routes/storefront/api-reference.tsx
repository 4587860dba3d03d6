import type { MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { apiReference } from "#app/api/v1/reference.server.ts";
import { EndpointCard } from "#app/routes/storefront/api-endpoint.tsx";
import { Worded } from "#app/routes/storefront/api-words.tsx";
import { Card } from "#app/ui/card.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { Cell, Row, Table } from "#app/ui/table.tsx";

export const meta: MetaFunction = () => [
  { title: "License API · Latchkey" },
  { name: "description", content: "Every address of the license API, with an example that was run." },
];

export function loader() {
  return apiReference();
}

export default function ApiReference() {
  const reference = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader
        title="License API"
        lead={
          <>
            Every address, field and error. The same as a document for programs:{" "}
            <a href="/openapi.json" className="text-accent underline">
              openapi.json
            </a>
          </>
        }
      />
      <div className="grid gap-10">
        <Contents reference={reference} />
        <Basics scopes={reference.scopes} />
        {reference.sections.map(({ id, name, description, endpoints }) => (
          <section key={id} aria-labelledby={id} className="grid gap-5">
            <div className="grid gap-1">
              <h2 id={id} className="scroll-mt-4 text-xl font-semibold">
                {name}
              </h2>
              <p className="text-ink-muted">{description}</p>
            </div>
            {endpoints.map((endpoint) => (
              <EndpointCard key={endpoint.id} endpoint={endpoint} />
            ))}
          </section>
        ))}
        <Problems problems={reference.problems} />
      </div>
    </>
  );
}

type Reference = ReturnType<typeof useLoaderData<typeof loader>>;

function Contents({ reference }: { reference: Reference }) {
  return (
    <nav aria-label="Contents" className="grid gap-x-8 gap-y-5 sm:grid-cols-2">
      {reference.sections.map(({ id, name, endpoints }) => (
        <div key={id}>
          <ContentsLink to={id} label={name} strong />
          <ul className="text-sm">
            {endpoints.map((endpoint) => (
              <li key={endpoint.id}>
                <ContentsLink to={endpoint.id} label={endpoint.summary} />
              </li>
            ))}
          </ul>
        </div>
      ))}
      <ContentsLink to="errors" label="Errors" strong />
    </nav>
  );
}

function ContentsLink({ to, label, strong }: { to: string; label: string; strong?: boolean }) {
  return (
    <a
      href={`#${to}`}
      className={`inline-block min-h-6 text-accent hover:underline ${strong ? "font-semibold" : "py-0.5"}`}
    >
      {label}
    </a>
  );
}

const basics = [
  "Bodies are JSON in UTF-8. Instants are UTC, ISO 8601. Checks ignore fields they do not know; calls with an API key refuse them by name.",
  "The license checks need no secret: the sold app sends the license key and the product. Everything else needs an API key as `Authorization: Bearer lk_…`, which staff make in the admin area.",
  "A license that is known but not good is an answer, not an error: `200` with `valid: false`, a `code`, a `message` for the person and `retryable`. Errors are problem details (RFC 9457) with a `code` of the list below.",
  "Send an `Idempotency-Key` with a call that creates or changes: the same call again then does nothing twice and gets the same answer, with `Idempotency-Replayed: true`, for 30 days.",
  "Every answer tells the limits in `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`; a refused call says in `Retry-After` when to come back.",
  "With `Accept-Signature: ed25519` the answer is signed: `Latchkey-Signature` holds an Ed25519 signature over method and address, host, date and digest of the body. A `nonce` in a check comes back, so that no old answer can be replayed.",
];

function Basics({ scopes }: { scopes: Reference["scopes"] }) {
  return (
    <Card title="How it works">
      <ul className="grid list-disc gap-2 pl-5">
        {basics.map((text) => (
          <li key={text}>
            <Worded text={text} />
          </li>
        ))}
      </ul>
      <h3 className="mt-5 mb-2 font-semibold">What an API key may do</h3>
      <ul className="grid list-disc gap-1 pl-5">
        {scopes.map(({ scope, meaning }) => (
          <li key={scope}>
            <Worded text={`\`${scope}\`: ${meaning}`} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Problems({ problems }: { problems: Reference["problems"] }) {
  return (
    <section aria-labelledby="errors" className="grid gap-4">
      <h2 id="errors" className="scroll-mt-4 text-xl font-semibold">
        Errors
      </h2>
      <Table caption="Error codes" columns={[{ label: "Code" }, { label: "Status" }, { label: "Meaning" }]}>
        {problems.map(({ code, status, meaning }) => (
          <Row key={code}>
            <Cell label="Code">
              <code id={code} className="scroll-mt-4 font-mono">
                {code}
              </code>
            </Cell>
            <Cell label="Status">{status}</Cell>
            <Cell label="Meaning">
              <Worded text={meaning} />
            </Cell>
          </Row>
        ))}
      </Table>
    </section>
  );
}
