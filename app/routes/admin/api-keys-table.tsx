import { type ApiKeyState, maskedApiKey } from "#app/domain/api-key/api-key.ts";
import { paths } from "#app/paths.ts";
import { Badge, type BadgeTone } from "#app/ui/badge.tsx";
import { ButtonLink } from "#app/ui/button.tsx";
import { Cell, Row, Table } from "#app/ui/table.tsx";
import { Time } from "#app/ui/time.tsx";

export type ShownApiKey = {
  id: string;
  name: string;
  hint: string;
  scopes: readonly string[];
  state: ApiKeyState;
  createdBy: string;
  createdAt: string;
  lastUsedAt: string | null;
  expiresAt: string | null;
  revokedAt: string | null;
};

/** Whether a key in this state can be rotated or revoked. */
export function canBe(action: "rotate" | "revoke", state: ApiKeyState): boolean {
  return state === "active" || (action === "revoke" && state === "replaced");
}

const columns = [
  { label: "Name" },
  { label: "Scopes" },
  { label: "State" },
  { label: "Created" },
  { label: "Last used" },
  { label: "Expires" },
  { label: "Actions", labelHidden: true },
] as const;

export function ApiKeysTable({ apiKeys }: { apiKeys: readonly ShownApiKey[] }) {
  return (
    <Table caption="API keys, the newest first" columns={columns}>
      {apiKeys.map((apiKey) => (
        <Row key={apiKey.id}>
          <Cell label="Name" breakable>
            {apiKey.name}
            <code translate="no" className="block font-mono text-xs text-ink-muted">
              {maskedApiKey(apiKey.hint)}
            </code>
          </Cell>
          <Cell label="Scopes">
            <ul className="text-xs leading-5">
              {apiKey.scopes.map((scope) => (
                <li key={scope}>
                  <code translate="no" className="whitespace-nowrap">
                    {scope}
                  </code>
                </li>
              ))}
            </ul>
          </Cell>
          <Cell label="State">
            <StateBadge state={apiKey.state} />
          </Cell>
          <Cell label="Created" breakable>
            <Time at={apiKey.createdAt} dateOnly />
            <p className="text-xs text-ink-muted">by {apiKey.createdBy}</p>
          </Cell>
          <Cell label="Last used">{apiKey.lastUsedAt ? <Time at={apiKey.lastUsedAt} /> : "Never"}</Cell>
          <Cell label="Expires">
            <End apiKey={apiKey} />
          </Cell>
          <Cell label="Actions">
            <Actions apiKey={apiKey} />
          </Cell>
        </Row>
      ))}
    </Table>
  );
}

const looks: Record<ApiKeyState, { tone: BadgeTone; label: string }> = {
  active: { tone: "good", label: "Active" },
  replaced: { tone: "warn", label: "Being replaced" },
  expired: { tone: "neutral", label: "Expired" },
  revoked: { tone: "bad", label: "Revoked" },
};

function StateBadge({ state }: { state: ApiKeyState }) {
  return <Badge tone={looks[state].tone}>{looks[state].label}</Badge>;
}

function End({ apiKey }: { apiKey: ShownApiKey }) {
  if (apiKey.revokedAt)
    return (
      <>
        Revoked <Time at={apiKey.revokedAt} />
      </>
    );
  return apiKey.expiresAt ? <Time at={apiKey.expiresAt} /> : "Never";
}

const labels = { rotate: "Rotate", revoke: "Revoke" } as const;

/** An ended key has none; a card on a phone then says so, as every label has a value there. */
function Actions({ apiKey }: { apiKey: ShownApiKey }) {
  const possible = (["rotate", "revoke"] as const).filter((action) => canBe(action, apiKey.state));
  if (possible.length === 0) return "None";
  return (
    <span className="flex flex-wrap justify-end gap-2 sm:justify-start">
      {possible.map((action) => (
        <ButtonLink
          key={action}
          to={paths.admin.apiKeys({ do: action, id: apiKey.id })}
          variant={action === "revoke" ? "danger-outline" : "secondary"}
          size="small"
          preventScrollReset
        >
          {labels[action]}
          <span className="sr-only"> {apiKey.name}</span>
        </ButtonLink>
      ))}
    </span>
  );
}
