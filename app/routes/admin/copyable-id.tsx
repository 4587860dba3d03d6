import { CopyButton } from "#app/ui/copy-button.tsx";

/** An id in clear with a button that copies it; `label` completes "Copy …". */
export function CopyableId({ value, label }: { value: string; label: string }) {
  return (
    <span className="inline-flex flex-wrap items-center gap-2">
      <code translate="no" className="font-mono text-sm wrap-anywhere">
        {value}
      </code>
      <CopyButton value={value} label={`Copy ${label}`} iconOnly />
    </span>
  );
}
