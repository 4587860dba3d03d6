import { Check, Copy } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useHydrated } from "./use-hydrated.ts";

type CopyButtonProps = {
  value: string;
  /** What is copied, as in "Copy license key". */
  label: string;
  /** Shows the icon alone; the label is still read out. */
  iconOnly?: boolean | undefined;
};

/**
 * Copies and says so to screen readers; focus stays. Where the browser refuses, the value is offered selected.
 * Takes its place before scripts run, but is not there to press: the text itself can be selected.
 */
export function CopyButton({ value, label, iconOnly }: CopyButtonProps) {
  const hydrated = useHydrated();
  const [outcome, setOutcome] = useState<"copied" | "refused" | null>(null);
  const fallback = useRef<HTMLInputElement>(null);

  useEffect(() => {
    if (outcome === "refused") fallback.current?.select();
    if (outcome !== "copied") return;
    const timer = setTimeout(() => setOutcome(null), 2_000);
    return () => clearTimeout(timer);
  }, [outcome]);

  async function copy() {
    try {
      await navigator.clipboard.writeText(value);
      setOutcome("copied");
    } catch {
      setOutcome("refused");
    }
  }

  const Icon = outcome === "copied" ? Check : Copy;
  return (
    <span className={`inline-flex flex-wrap items-center gap-2 print:hidden ${hydrated ? "" : "invisible"}`}>
      <button
        type="button"
        onClick={copy}
        aria-label={label}
        className="inline-flex min-h-8 min-w-8 flex-none items-center justify-center gap-1.5 rounded-lg border border-line-strong/60 bg-surface px-2 text-sm font-medium hover:border-line-strong hover:bg-sunken"
      >
        <Icon
          aria-hidden="true"
          className={`size-4 ${outcome === "copied" ? "text-good" : "text-ink-muted"}`}
        />
        {!iconOnly && <span aria-hidden="true">{outcome === "copied" ? "Copied" : "Copy"}</span>}
      </button>
      {outcome === "refused" && (
        <input
          ref={fallback}
          readOnly
          value={value}
          aria-label={label.replace(/^Copy /, "")}
          className="min-w-0 rounded-lg border border-line-strong bg-surface px-2 py-1 font-mono text-sm"
        />
      )}
      <span role="status" className="sr-only">
        {outcome === "copied" && "Copied"}
        {outcome === "refused" &&
          "Your browser did not allow copying. The text is selected: copy it with the keyboard."}
      </span>
    </span>
  );
}
