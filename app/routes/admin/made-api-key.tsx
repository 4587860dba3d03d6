import { paths } from "#app/paths.ts";
import { Banner } from "#app/ui/banner.tsx";
import { ButtonLink } from "#app/ui/button.tsx";
import { Card } from "#app/ui/card.tsx";
import { CopyButton } from "#app/ui/copy-button.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";

/** Takes the place of the list, so that a key is not passed over before it is stored. */
export function MadeApiKey({ made }: { made: { key: string; name: string } }) {
  return (
    <>
      <PageHeader title={`API key ${made.name}`} lead="It works from now on." />
      <Card title="Store this key now" className="max-w-2xl">
        <div className="grid gap-4">
          <Banner tone="warning" role="status">
            It is shown this one time. Latchkey keeps a fingerprint of it only, so nobody can show it again.
          </Banner>
          <code
            translate="no"
            className="block min-w-0 rounded-lg border border-line bg-sunken px-3 py-2 font-mono text-sm leading-6 font-medium select-all [font-variant-ligatures:none] wrap-anywhere"
          >
            {made.key}
          </code>
          <div className="flex flex-wrap items-center gap-2">
            <CopyButton value={made.key} label="Copy API key" />
            <ButtonLink to={paths.admin.apiKeys()}>I have stored it</ButtonLink>
          </div>
        </div>
      </Card>
    </>
  );
}
