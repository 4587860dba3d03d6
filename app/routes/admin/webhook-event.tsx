import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { replayEvent } from "#app/domain/webhook-inbox/replay-event.server.ts";
import { getEvent } from "#app/domain/webhook-inbox/webhook-inbox.queries.server.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import { redirectWithFlash } from "#app/http/flash.server.ts";
import { formErrorResponse, invalidForm, parseForm } from "#app/http/forms.server.ts";
import { requireStaff } from "#app/http/guards.server.ts";
import { notFound } from "#app/http/respond.server.ts";
import { paths } from "#app/paths.ts";
import { EventFacts } from "#app/routes/admin/event-facts.tsx";
import { EventPayload } from "#app/routes/admin/event-payload.tsx";
import { EventType } from "#app/routes/admin/event-type.tsx";
import { InboxStateBadge } from "#app/routes/admin/inbox-state-badge.tsx";
import { ReplayEventForm } from "#app/routes/admin/operation-forms.server.ts";
import { ReplayEvent } from "#app/routes/admin/replay-event.tsx";
import { SourceFacts } from "#app/routes/admin/source-facts.tsx";
import { Banner } from "#app/ui/banner.tsx";
import { Card } from "#app/ui/card.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { useFreshWhile } from "#app/ui/use-fresh-while.ts";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data ? data.event.type : "Event"} · Latchkey` },
];

export async function loader({ request, params }: LoaderFunctionArgs) {
  const staff = await requireStaff(request, "webhook.read");
  const event = await getEvent({ dedupeKey: params.dedupeKey ?? "" });
  if (!event) throw notFound("event");
  return { event, mayReplay: staff.may("webhook.replay"), submission: crypto.randomUUID() };
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const staff = await requireStaff(request, "webhook.replay");
  const event = await getEvent({ dedupeKey: params.dedupeKey ?? "" });
  if (!event) throw notFound("event");
  const parsed = await parseForm(request, ReplayEventForm);
  if (!parsed.ok) return invalidForm(parsed.state);
  const { dedupeKey } = event;
  try {
    const { message } = await replayEvent({
      dedupeKey,
      submission: parsed.value.submission,
      actor: staff.actor,
      now: currentTime(),
      requestId: context.requestId,
    });
    return await redirectWithFlash(paths.admin.webhookEvent(dedupeKey), message);
  } catch (error) {
    return formErrorResponse(error, parsed.form);
  }
}

export default function WebhookEvent() {
  const { event, mayReplay, submission } = useLoaderData<typeof loader>();
  const failed = useActionData<typeof action>();
  useFreshWhile(!failed && event.state === "received");
  return (
    <>
      <PageHeader
        title={<EventType type={event.type} />}
        badge={<InboxStateBadge state={event.state} />}
        back={{ to: paths.admin.webhookInbox(), label: "Webhooks" }}
      />
      <div className="grid gap-5">
        {event.lastError && (
          <Banner tone="error" title="The last try failed">
            {event.lastError}
          </Banner>
        )}
        {event.note && <Banner tone="info">{event.note}</Banner>}
        <div className="grid items-start gap-5 lg:grid-cols-[3fr_2fr]">
          <EventFacts event={event} />
          <div className="grid min-w-0 gap-5">
            {event.source && (
              <Card title="The purchase it belongs to">
                <SourceFacts source={event.source} />
              </Card>
            )}
            {mayReplay && <ReplayEvent key={submission} submission={submission} state={failed?.form} />}
          </div>
        </div>
        <EventPayload payload={event.payload} />
      </div>
    </>
  );
}
