import { publicKeyHex, publicKeyPem, type SigningKeyState } from "#app/domain/signing-key/signing-key.ts";
import { paths } from "#app/paths.ts";
import { CopyableId } from "#app/routes/admin/copyable-id.tsx";
import { Badge, type BadgeTone } from "#app/ui/badge.tsx";
import { ButtonLink } from "#app/ui/button.tsx";
import { Card } from "#app/ui/card.tsx";
import { CopyButton } from "#app/ui/copy-button.tsx";
import { Fact, Facts } from "#app/ui/facts.tsx";
import { Time } from "#app/ui/time.tsx";

export type ShownSigningKey = {
  generation: number;
  keyId: string;
  publicKey: string;
  /** `next` signs after the next rotation. */
  state: SigningKeyState | "next";
  createdAt: string | null;
  retiredAt: string | null;
};

const looks: Record<ShownSigningKey["state"], { tone: BadgeTone; label: string; meaning: string }> = {
  next: {
    tone: "warn",
    label: "Next",
    meaning: "Signs nothing before you rotate. Build it into the app ahead of that.",
  },
  active: { tone: "good", label: "Active", meaning: "Signs every new file and token." },
  "verify-only": {
    tone: "info",
    label: "Verify-only",
    meaning:
      "Signs nothing new. What it signed is still good: keep it in the app until the last of it has expired.",
  },
  retired: {
    tone: "neutral",
    label: "Retired",
    meaning: "No longer in the list of public keys. Take it out of the app.",
  },
};

/** One key: what it is for now, and the public half in each form that libraries read. */
export function SigningKeyCard({ signingKey }: { signingKey: ShownSigningKey }) {
  const { generation, keyId, publicKey, state, createdAt, retiredAt } = signingKey;
  const { tone, label, meaning } = looks[state];
  return (
    <Card
      title={
        <>
          Key{" "}
          <code translate="no" className="font-mono">
            {keyId}
          </code>
        </>
      }
      actions={
        state === "verify-only" && (
          <ButtonLink
            to={paths.admin.signingKeys({ do: "retire", generation })}
            variant="danger-outline"
            size="small"
            preventScrollReset
          >
            Retire<span className="sr-only"> key {keyId}</span>
          </ButtonLink>
        )
      }
    >
      <Facts>
        <Fact label="State">
          <Badge tone={tone}>{label}</Badge> <span className="ml-1 text-sm text-ink-muted">{meaning}</span>
        </Fact>
        {createdAt && (
          <Fact label="Since">
            <Time at={createdAt} />
          </Fact>
        )}
        {retiredAt && (
          <Fact label="Retired">
            <Time at={retiredAt} />
          </Fact>
        )}
        <Fact label="Base64">
          <CopyableId value={publicKey} label={`public key ${keyId} in base64`} />
        </Fact>
        <Fact label="Hexadecimal">
          <CopyableId value={publicKeyHex(publicKey)} label={`public key ${keyId} in hexadecimal`} />
        </Fact>
        <Fact label="PEM">
          <Pem keyId={keyId} pem={publicKeyPem(publicKey)} />
        </Fact>
      </Facts>
    </Card>
  );
}

function Pem({ keyId, pem }: { keyId: string; pem: string }) {
  return (
    <div className="flex flex-wrap items-start gap-2">
      <pre
        translate="no"
        className="min-w-0 py-1 font-mono text-sm leading-4.5 wrap-anywhere whitespace-pre-wrap"
      >
        {pem.trim()}
      </pre>
      <CopyButton value={pem} label={`Copy public key ${keyId} in PEM`} iconOnly />
    </div>
  );
}
