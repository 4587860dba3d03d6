import { CopyButton } from "#app/ui/copy-button.tsx";

/** An id in clear with a button that copies it; `label` completes "Copy …". */
export function CopyableId({ value, label }: { value: string; label: string }) {
  return (
    <span className="inline-flex max-w-full items-start gap-2 align-top">
      <code translate="no" className="min-w-0 py-1 font-mono text-sm leading-4.5 wrap-anywhere">
        {value}
      </code>
      <span className="-mt-0.75">
        <CopyButton value={value} label={`Copy ${label}`} iconOnly />
      </span>
    </span>
  );
}
