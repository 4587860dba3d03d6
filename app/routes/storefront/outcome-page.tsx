import { CircleAlert, CircleCheck, Clock } from "lucide-react";
import type { ReactNode } from "react";

const looks = {
  done: { Icon: CircleCheck, color: "text-good" },
  waiting: { Icon: Clock, color: "text-info" },
  problem: { Icon: CircleAlert, color: "text-warn" },
} as const;

type OutcomePageProps = {
  kind: keyof typeof looks;
  title: string;
  action?: ReactNode;
  children: ReactNode;
};

/** One plain answer about a purchase and the way on from it. */
export function OutcomePage({ kind, title, action, children }: OutcomePageProps) {
  const { Icon, color } = looks[kind];
  return (
    <div className="mx-auto grid max-w-xl gap-5 rounded-2xl border border-line bg-surface p-6 shadow-card sm:p-8">
      <Icon aria-hidden="true" className={`size-9 ${color}`} />
      <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
      <div className="grid gap-3 text-ink-muted">{children}</div>
      {action && <div className="flex flex-wrap gap-3">{action}</div>}
    </div>
  );
}
