import { CircleCheck } from "lucide-react";
import type { ReactNode } from "react";
import { paths } from "#app/paths.ts";
import { AlertItem, type ShownAlert } from "#app/routes/admin/alert-item.tsx";
import { EventType } from "#app/routes/admin/event-type.tsx";
import { Card } from "#app/ui/card.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { Time } from "#app/ui/time.tsx";

type AttentionProps = {
  attention: {
    open: { alerts: ShownAlert[]; more: boolean };
    /** How many alerts are open, also those not shown. */
    openCount: number;
    failed: {
      events: { dedupeKey: string; type: string; lastError: string | null; receivedAt: string }[];
      more: boolean;
    };
    emails: {
      rows: { id: string; recipient: string; lastError: string | null; createdAt: string }[];
      more: boolean;
    };
    awaiting: {
      orders: { id: string; number: number; email: string | null; awaitingPaymentAt: string | null }[];
      more: boolean;
    };
  };
  mayResolve: boolean;
};

/** All that waits for a person, in one place; says so when nothing does. */
export function Attention({ attention, mayResolve }: AttentionProps) {
  const { open, openCount, failed, emails, awaiting } = attention;
  const lists = [open.alerts, failed.events, emails.rows, awaiting.orders];
  return (
    <Card title="Needs attention">
      {lists.every((list) => list.length === 0) && (
        <p className="flex items-center gap-2">
          <CircleCheck aria-hidden="true" className="size-5 flex-none text-good" />
          Nothing right now. Events, emails and payments are all where they should be.
        </p>
      )}
      <div className="grid gap-6">
        <Group title="Alerts" count={openCount} more={false} to={paths.admin.alerts()}>
          {open.alerts.map((alert) => (
            <AlertItem key={alert.id} alert={alert} mayResolve={mayResolve} />
          ))}
        </Group>
        <Group
          title="Failed webhooks"
          count={failed.events.length}
          more={failed.more}
          to={paths.admin.webhookInbox({ state: "failed" })}
        >
          {failed.events.map((event) => (
            <Item key={event.dedupeKey} at={event.receivedAt} detail={event.lastError}>
              <TextLink to={paths.admin.webhookEvent(event.dedupeKey)} className={tall}>
                <EventType type={event.type} />
              </TextLink>
            </Item>
          ))}
        </Group>
        <Group
          title="Emails that could not be sent"
          count={emails.rows.length}
          more={emails.more}
          to={paths.admin.emails({ state: "failed" })}
        >
          {emails.rows.map((email) => (
            <Item key={email.id} at={email.createdAt} detail={email.lastError}>
              <TextLink to={paths.admin.email(email.id)} className={tall}>
                {email.recipient}
              </TextLink>
            </Item>
          ))}
        </Group>
        <Group
          title="Sales waiting for payment"
          count={awaiting.orders.length}
          more={awaiting.more}
          to={paths.admin.orders({ status: "awaiting-payment" })}
        >
          {awaiting.orders.map((order) => (
            <Item key={order.id} at={order.awaitingPaymentAt} detail={order.email}>
              <TextLink to={paths.admin.order(order.id)} className={tall}>
                Order #{order.number}
              </TextLink>
            </Item>
          ))}
        </Group>
      </div>
    </Card>
  );
}

// Links one below the other need the height of a fingertip each.
const tall = "inline-block min-h-6";

type GroupProps = { title: string; count: number; more: boolean; to?: string; children: ReactNode };

function Group({ title, count, more, to, children }: GroupProps) {
  if (count === 0) return null;
  const heading = `${title} (${count}${more ? "+" : ""})`;
  return (
    <section aria-label={title}>
      <h3 className="mb-2 text-sm font-semibold">
        {to ? (
          <TextLink to={to} className={tall}>
            {heading}
          </TextLink>
        ) : (
          heading
        )}
      </h3>
      <ul className="grid gap-3">{children}</ul>
    </section>
  );
}

function Item({ at, detail, children }: { at: string | null; detail: string | null; children: ReactNode }) {
  return (
    <li className="text-[0.9375rem] wrap-anywhere">
      {children}
      <p className="text-sm text-ink-muted">
        {at && <Time at={at} />}
        {at && detail && " · "}
        {detail}
      </p>
    </li>
  );
}
