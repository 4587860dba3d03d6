import { Eye } from "lucide-react";
import { useState } from "react";
import { CopyButton } from "./copy-button.tsx";
import { useHydrated } from "./use-hydrated.ts";

type LicenseKeyProps = {
  masked: string;
  /** The key in clear, where the reader may have it. Without it only the mask is shown. */
  full?: string | undefined;
  /** Shows the key from the start, as on the page after a purchase. */
  revealed?: boolean | undefined;
};

const keyText =
  "block min-w-0 rounded-lg border border-line bg-sunken px-3 py-2 font-mono text-sm leading-6 font-medium text-balance [font-variant-ligatures:none] wrap-anywhere sm:text-[0.9375rem]";
const toggle =
  "inline-flex min-h-8 items-center gap-1.5 rounded-lg border border-line-strong/60 bg-surface px-2.5 text-sm font-medium hover:border-line-strong hover:bg-sunken aria-pressed:border-accent-line aria-pressed:bg-accent-soft aria-pressed:text-accent print:hidden";

/** A license key: masked until asked for, with a way to copy it. Without scripts a disclosure shows it. */
export function LicenseKey({ masked, full, revealed = false }: LicenseKeyProps) {
  const hydrated = useHydrated();
  const [shown, setShown] = useState(revealed);
  if (full === undefined)
    return (
      <code translate="no" className={keyText}>
        {masked}
      </code>
    );
  return (
    <div className="grid gap-2">
      <code translate="no" className={keyText}>
        {shown ? full : masked}
      </code>
      <div className="flex flex-wrap items-start gap-2">
        {hydrated ? (
          <button type="button" aria-pressed={shown} onClick={() => setShown(!shown)} className={toggle}>
            <Eye aria-hidden="true" className="size-4" />
            Show key
          </button>
        ) : (
          !shown && (
            <details className="group">
              <summary className={toggle}>
                <Eye aria-hidden="true" className="size-4 text-ink-muted" />
                Show key
              </summary>
              <code translate="no" className={`mt-2 ${keyText}`}>
                {full}
              </code>
            </details>
          )
        )}
        <CopyButton value={full} label="Copy license key" />
      </div>
    </div>
  );
}
