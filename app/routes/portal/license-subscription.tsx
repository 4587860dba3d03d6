import { Form, useNavigation } from "@remix-run/react";
import { clsx } from "clsx";
import type { BillingAction, OwnerSubscription } from "#app/domain/subscription/portal-subscription.ts";
import type { FormState } from "#app/http/form-state.ts";
import { paths } from "#app/paths.ts";
import { Banner } from "#app/ui/banner.tsx";
import { Button, ButtonLink } from "#app/ui/button.tsx";
import { Card } from "#app/ui/card.tsx";
import { Fact, Facts } from "#app/ui/facts.tsx";
import { ErrorSummary, HiddenField } from "#app/ui/field.tsx";

type LicenseSubscriptionProps = {
  subscription: OwnerSubscription;
  /** What was wrong with the last click on one of its buttons. */
  state: FormState | undefined;
};

/** The subscription that pays for a license: what it costs, what happens next, and the ways to Stripe's billing pages. */
export function LicenseSubscription({ subscription, state }: LicenseSubscriptionProps) {
  const { notice, invoiceUrl } = subscription;
  return (
    <Card title="Subscription">
      <div className="grid gap-5">
        <ErrorSummary state={state} />
        {notice && (
          <Banner tone={notice.tone} title={notice.title}>
            {notice.text}
          </Banner>
        )}
        <Facts>
          <Fact label="Next">{subscription.next}</Fact>
          {subscription.price && <Fact label="Price">{subscription.price}</Fact>}
          {subscription.seats !== null && <Fact label="Seats">{subscription.seats}</Fact>}
        </Facts>
        <div className="flex flex-wrap gap-3 print:hidden">
          {invoiceUrl && (
            <ButtonLink to={invoiceUrl} rel="noreferrer">
              Pay or confirm the invoice
            </ButtonLink>
          )}
          {subscription.ended && <ButtonLink to={paths.home()}>Subscribe again</ButtonLink>}
          {subscription.actions.map((action) => (
            <BillingButton key={action.label} action={action} demoted={invoiceUrl !== null} />
          ))}
        </div>
      </div>
    </Card>
  );
}

/** Asks for a fresh page of Stripe's; the answer leads to another site, so the browser follows it as a whole page. */
export function BillingButton({ action, demoted = false }: { action: BillingAction; demoted?: boolean }) {
  const { formData } = useNavigation();
  const pending = formData?.get("intent") === "billing" && formData.get("flow") === action.flow;
  const primary = action.primary && !demoted;
  return (
    <Form method="post" reloadDocument>
      <HiddenField name="intent" value="billing" />
      <HiddenField name="flow" value={action.flow} />
      <Button
        pending={pending}
        variant={primary ? "primary" : action.flow === "cancel" ? "quiet" : "secondary"}
        className={clsx(action.flow === "cancel" && "text-bad")}
      >
        {action.label}
      </Button>
    </Form>
  );
}
