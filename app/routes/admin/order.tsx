import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { getOrderForStaff } from "#app/domain/order/staff-order.queries.server.ts";
import { resyncSource } from "#app/domain/stripe-sync/resync-source.server.ts";
import { getOrderAtStripe } from "#app/domain/subscription/subscription.queries.server.ts";
import { nextStepWords } from "#app/domain/subscription/subscription-words.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import { redirectWithFlash } from "#app/http/flash.server.ts";
import { formErrorResponse, invalidForm, parseForm } from "#app/http/forms.server.ts";
import { requireStaff } from "#app/http/guards.server.ts";
import { notFound } from "#app/http/respond.server.ts";
import { paths } from "#app/paths.ts";
import { Happenings } from "#app/routes/admin/happenings.tsx";
import { InvoicesTable } from "#app/routes/admin/invoices-table.tsx";
import { ResyncOrderForm } from "#app/routes/admin/operation-forms.server.ts";
import { OrderFacts } from "#app/routes/admin/order-facts.tsx";
import { OrderLines } from "#app/routes/admin/order-lines.tsx";
import { OrderSources } from "#app/routes/admin/order-sources.tsx";
import { OrderStatusBadge } from "#app/routes/admin/order-status-badge.tsx";
import { PaymentsCard } from "#app/routes/admin/payments-card.tsx";
import { NothingHere, Section } from "#app/routes/admin/section.tsx";
import { ShortLicenseTable } from "#app/routes/admin/short-license-table.tsx";
import { SubscriptionCard } from "#app/routes/admin/subscription-card.tsx";
import { SubscriptionItems } from "#app/routes/admin/subscription-items.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { useFreshWhile } from "#app/ui/use-fresh-while.ts";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data ? `Order #${data.order.number}` : "Order"} · Latchkey` },
];

export async function loader({ request, params }: LoaderFunctionArgs) {
  const staff = await requireStaff(request, "order.read");
  const order = await getOrderForStaff({ orderId: params.orderId ?? "", now: currentTime() });
  if (!order) throw notFound("order");
  // A token for each, so that syncing one does not use up the others'.
  const sources = order.sources.map((source) => ({ ...source, submission: crypto.randomUUID() }));
  const { subscription, payments } = await getOrderAtStripe(sources.map(({ id }) => id));
  return {
    order: { ...order, sources },
    subscription,
    nextStep: subscription && nextStepWords(subscription),
    payments,
    mayResync: staff.may("webhook.replay"),
  };
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const staff = await requireStaff(request, "webhook.replay");
  const order = await getOrderForStaff({ orderId: params.orderId ?? "", now: currentTime() });
  if (!order) throw notFound("order");
  const parsed = await parseForm(request, ResyncOrderForm);
  if (!parsed.ok) return invalidForm(parsed.state);
  const { sourceId, submission } = parsed.value;
  if (!order.sources.some(({ id }) => id === sourceId)) throw notFound("purchase of this order");
  try {
    const { message } = await resyncSource({
      sourceId,
      submission,
      actor: staff.actor,
      now: currentTime(),
      requestId: context.requestId,
    });
    return await redirectWithFlash(paths.admin.order(order.id), message);
  } catch (error) {
    return formErrorResponse(error, parsed.form);
  }
}

export default function Order() {
  const { order, subscription, nextStep, payments, mayResync } = useLoaderData<typeof loader>();
  const failed = useActionData<typeof action>();
  useFreshWhile(!failed && [...order.sources, ...order.timeline].some(({ waiting }) => waiting));
  return (
    <>
      <PageHeader
        title={`Order #${order.number}`}
        badge={<OrderStatusBadge status={order.status} />}
        back={{ to: paths.admin.orders(), label: "Orders" }}
      />
      <div className="grid items-start gap-8 lg:grid-cols-[3fr_2fr]">
        <div className="grid min-w-0 gap-8">
          {subscription && (
            <SubscriptionCard
              subscription={subscription}
              nextStep={nextStep}
              customerEmail={order.customer?.email ?? order.email}
            />
          )}
          <OrderFacts order={order} />
          {subscription && (
            <>
              <Section title="Items now">
                <SubscriptionItems items={subscription.items} />
              </Section>
              <Section title="Invoices">
                <InvoicesTable invoices={subscription.invoices} />
              </Section>
            </>
          )}
          <Section title={subscription ? "Ordered" : "Lines"}>
            <OrderLines lines={order.lines} currency={order.currency} />
          </Section>
          <Section
            title="Licenses"
            actions={
              order.licenseCount > order.licenses.length && (
                <TextLink to={paths.admin.licenses({ q: `#${order.number}` })}>
                  Show all {order.licenseCount}
                </TextLink>
              )
            }
          >
            {order.licenses.length === 0 ? (
              <NothingHere>No license was issued for this order.</NothingHere>
            ) : (
              <ShortLicenseTable caption="Licenses of this order" licenses={order.licenses} />
            )}
          </Section>
        </div>
        <div className="grid min-w-0 gap-8">
          <PaymentsCard payments={payments} />
          <OrderSources sources={order.sources} mayResync={mayResync} state={failed?.form} />
          <Happenings timeline={order.timeline} />
        </div>
      </div>
    </>
  );
}
