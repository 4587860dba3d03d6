import { Link } from "@remix-run/react";
import {
  CircleAlert,
  CircleDot,
  CreditCard,
  KeyRound,
  type LucideIcon,
  Mail,
  MonitorSmartphone,
  UserRound,
  Webhook,
} from "lucide-react";
import type { ReactNode } from "react";
import { Time } from "./time.tsx";

const icons: Record<string, LucideIcon> = {
  payment: CreditCard,
  order: CreditCard,
  license: KeyRound,
  email: Mail,
  staff: UserRound,
  customer: UserRound,
  event: Webhook,
  webhook: Webhook,
  device: MonitorSmartphone,
  alert: CircleAlert,
};

export type TimelineEntry = {
  id: string;
  /** An instant as ISO 8601 text. */
  at: string;
  title: ReactNode;
  detail?: ReactNode;
  actor?: string | null | undefined;
  /** payment, license, email, staff, customer, event, device, alert; anything else gets a plain dot. */
  kind: string;
  href?: string | undefined;
};

/** What happened, in the order given. */
export function Timeline({ entries }: { entries: readonly TimelineEntry[] }) {
  return (
    <ol className="grid">
      {entries.map((entry) => {
        const Icon = icons[entry.kind] ?? CircleDot;
        return (
          <li key={entry.id} className="group relative flex gap-3 pb-5 last:pb-0">
            <span
              aria-hidden="true"
              className="absolute top-8 bottom-0 left-4 w-px -translate-x-1/2 bg-line group-last:hidden"
            />
            <span className="flex size-8 flex-none items-center justify-center rounded-full border border-line bg-sunken text-ink-muted">
              <Icon aria-hidden="true" className="size-4" />
            </span>
            <div className="min-w-0 pt-1 text-[0.9375rem] leading-6">
              <p className="font-medium wrap-anywhere">
                {entry.href ? (
                  <Link
                    to={entry.href}
                    className="underline decoration-line-strong underline-offset-3 hover:decoration-current"
                  >
                    {entry.title}
                  </Link>
                ) : (
                  entry.title
                )}
              </p>
              {entry.detail && <div className="text-ink-muted wrap-anywhere">{entry.detail}</div>}
              <p className="text-sm text-ink-muted wrap-anywhere">
                <Time at={entry.at} />
                {entry.actor && <> · {entry.actor}</>}
              </p>
            </div>
          </li>
        );
      })}
    </ol>
  );
}
