import {
  Ban,
  CircleCheck,
  CircleDashed,
  CirclePause,
  CircleX,
  Clock,
  Hourglass,
  type LucideIcon,
} from "lucide-react";
import type { LicenseStatus } from "#app/domain/license/assess-license.ts";
import { licenseWords } from "#app/domain/license/license-words.ts";
import { Badge, type BadgeTone } from "./badge.tsx";

const looks: Record<LicenseStatus, { tone: BadgeTone; Icon: LucideIcon }> = {
  unused: { tone: "info", Icon: CircleDashed },
  active: { tone: "good", Icon: CircleCheck },
  expiring: { tone: "warn", Icon: Clock },
  grace: { tone: "warn", Icon: Hourglass },
  expired: { tone: "neutral", Icon: CircleX },
  suspended: { tone: "warn", Icon: CirclePause },
  revoked: { tone: "bad", Icon: Ban },
};

/** The same word, color and sign for a license's state on every page. */
export function LicenseStatusBadge({ status }: { status: LicenseStatus }) {
  const { tone, Icon } = looks[status];
  return (
    <Badge tone={tone} icon={<Icon aria-hidden="true" className="size-3.5" />}>
      {licenseWords(status).label}
    </Badge>
  );
}
