import { useNavigation } from "@remix-run/react";

/** A line along the top while the next page is on its way, shown only when that takes longer than a moment. */
export function ProgressLine() {
  const { state } = useNavigation();
  if (state === "idle") return null;
  return (
    <div
      aria-hidden="true"
      className="progress-line fixed inset-x-0 top-0 z-50 h-0.5 origin-left bg-accent-fill"
    />
  );
}
