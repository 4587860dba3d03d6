import type { ReactNode } from "react";

export type BadgeTone = "neutral" | "good" | "warn" | "bad" | "info";

const looks: Record<BadgeTone, string> = {
  neutral: "border-line bg-sunken text-ink-muted",
  good: "border-good-line bg-good-soft text-good",
  warn: "border-warn-line bg-warn-soft text-warn",
  bad: "border-bad-line bg-bad-soft text-bad",
  info: "border-info-line bg-info-soft text-info",
};

export type BadgeProps = { tone: BadgeTone; icon?: ReactNode; children: ReactNode };

/** A state in one or two words. The word tells it; the color only repeats it. */
export function Badge({ tone, icon, children }: BadgeProps) {
  return (
    <span
      className={`inline-flex items-center gap-1 rounded-full border px-2 py-0.5 text-xs leading-4 font-medium whitespace-nowrap ${looks[tone]}`}
    >
      {icon}
      {children}
    </span>
  );
}
