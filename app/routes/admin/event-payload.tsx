import { Card } from "#app/ui/card.tsx";
import { CopyButton } from "#app/ui/copy-button.tsx";

/** What Stripe sent, set out for reading. */
export function EventPayload({ payload }: { payload: string }) {
  return (
    <Card title="Payload" actions={<CopyButton value={payload} label="Copy payload" />}>
      {/* Scrolls on its own, so that the keyboard has to be able to reach it. */}
      <section
        aria-label="Payload as JSON"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must take focus (axe: scrollable-region-focusable)
        tabIndex={0}
        className="max-h-[32rem] overflow-auto rounded-lg border border-line bg-sunken p-3"
      >
        <pre translate="no" className="font-mono text-xs leading-5">
          {payload}
        </pre>
      </section>
    </Card>
  );
}
