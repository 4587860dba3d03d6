import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

export type BannerTone = "info" | "success" | "warning" | "error";

const looks = {
  info: { Icon: Info, box: "border-info-line bg-info-soft", icon: "text-info" },
  success: { Icon: CircleCheck, box: "border-good-line bg-good-soft", icon: "text-good" },
  warning: { Icon: TriangleAlert, box: "border-warn-line bg-warn-soft", icon: "text-warn" },
  error: { Icon: CircleAlert, box: "border-bad-line bg-bad-soft", icon: "text-bad" },
} as const;

type BannerProps = {
  tone: BannerTone;
  title?: ReactNode;
  children?: ReactNode;
  /** `status` or `alert` only for what has just happened; a lasting notice has no role. */
  role?: "status" | "alert" | undefined;
};

export function Banner({ tone, title, children, role }: BannerProps) {
  const { Icon, box, icon } = looks[tone];
  return (
    <div role={role} className={`flex gap-3 rounded-xl border p-4 text-[0.9375rem] leading-6 ${box}`}>
      <Icon aria-hidden="true" className={`mt-0.5 size-5 flex-none ${icon}`} />
      <div className="min-w-0 space-y-1 wrap-anywhere">
        {title && <p className="font-semibold">{title}</p>}
        {children && <div>{children}</div>}
      </div>
    </div>
  );
}
