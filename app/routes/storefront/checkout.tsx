import { type ActionFunctionArgs, json, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useNavigation } from "@remix-run/react";
import { CheckoutUnavailable, startCheckout } from "#app/domain/checkout/start-checkout.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { getPriceForSale } from "#app/domain/product/catalog.queries.server.ts";
import { planName } from "#app/domain/product/plan-words.ts";
import { keepBrowserNonce } from "#app/http/checkout-cookie.server.ts";
import { CheckoutForm } from "#app/http/checkout-form.server.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import type { FormState } from "#app/http/form-state.ts";
import { parseForm } from "#app/http/forms.server.ts";
import { getCustomer } from "#app/http/guards.server.ts";
import { clientKey, consume, waitWords } from "#app/http/rate-limit.server.ts";
import { errorResponse, statusOf } from "#app/http/respond.server.ts";
import { paths } from "#app/paths.ts";
import { Banner } from "#app/ui/banner.tsx";
import { Button, ButtonLink } from "#app/ui/button.tsx";
import { Card } from "#app/ui/card.tsx";
import { ErrorSummary } from "#app/ui/error-summary.tsx";
import { TextField } from "#app/ui/field.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";

export const meta: MetaFunction = () => [{ title: "Checkout · Latchkey" }];

export async function action({ request, context }: ActionFunctionArgs) {
  if (request.method !== "POST")
    throw json({ message: "Buy with the buttons on the plans page." }, { status: 405 });
  const { browserNonce, setCookie } = keepBrowserNonce(request);
  const turn = await consume("checkout-by-client", clientKey(context.clientAddress));
  if (!turn.allowed)
    throw errorResponse(
      new DomainError(
        "RATE_LIMITED",
        `Too many checkouts were started from here. Try again in ${waitWords(turn.retryAfterSeconds)}.`,
        {
          context: { retryAfterSeconds: turn.retryAfterSeconds },
        },
      ),
    );
  const parsed = await parseForm(request, CheckoutForm);
  if (!parsed.ok) return showAgain(parsed.state, 422);
  const { price, quantity, order, email } = parsed.value;
  const customer = await getCustomer(request);
  try {
    const { redirectTo } = await startCheckout({
      priceId: price,
      quantity,
      email: customer?.email ?? email,
      customerId: customer?.id,
      browserNonce,
      orderId: order,
      now: currentTime(),
    });
    return redirect(redirectTo, { status: 303, headers: { "Set-Cookie": setCookie } });
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const values: Record<string, string> = { price, quantity: String(quantity), ...(email && { email }) };
    // The address must come back too, or the retry would be another order.
    if (error instanceof CheckoutUnavailable) values.order = error.orderId;
    const state: FormState = error.field
      ? { errors: { [error.field]: error.publicMessage }, values }
      : { errors: {}, formError: error.publicMessage, values };
    return showAgain(state, statusOf(error.code), setCookie);
  }
}

/** What was asked for, with what was wrong about it; the plan is named when it is one of ours. */
async function showAgain(state: FormState, status: number, setCookie?: string) {
  const price = state.values.price ? await getPriceForSale(state.values.price) : null;
  const plan = price && {
    name: planName(price.product.name, price.policy.name),
    maxQuantity: price.maxQuantity,
  };
  return json({ form: state, plan }, { status, ...(setCookie && { headers: { "Set-Cookie": setCookie } }) });
}

export default function CheckoutProblem() {
  const answer = useActionData<typeof action>();
  const pending = useNavigation().state !== "idle";
  // Typed into the address bar: there is nothing to pay for without a plan.
  if (!answer)
    return (
      <>
        <PageHeader title="Choose a plan first" lead="A checkout starts with the button on a plan." />
        <ButtonLink to={paths.home()}>See the plans</ButtonLink>
      </>
    );
  const { form, plan } = answer;
  return (
    <>
      <PageHeader title="Your checkout could not be opened" {...(plan && { lead: plan.name })} />
      <Card>
        {form.formError && (
          <Banner tone="error" role="alert">
            {form.formError}
          </Banner>
        )}
        <ErrorSummary
          state={{ errors: form.errors }}
          labels={{ price: "Plan", quantity: "Quantity", email: "Email" }}
        />
        {plan ? (
          <Form method="post" action={paths.checkout()} className="mt-4 grid gap-4">
            <input type="hidden" name="price" value={form.values.price} />
            {form.values.order && <input type="hidden" name="order" value={form.values.order} />}
            {form.values.email !== undefined && (
              <TextField
                label="Email"
                name="email"
                type="email"
                autoComplete="email"
                defaultValue={form.values.email}
                error={form.errors.email}
              />
            )}
            <TextField
              label="Quantity"
              name="quantity"
              inputMode="numeric"
              defaultValue={form.values.quantity ?? "1"}
              error={form.errors.quantity}
              hint={
                plan.maxQuantity === 1 ? "This plan is sold one at a time." : `From 1 to ${plan.maxQuantity}.`
              }
            />
            <div className="flex flex-wrap gap-3">
              <Button type="submit" pending={pending}>
                Try again
              </Button>
              <ButtonLink to={paths.home()} variant="secondary">
                Back to the plans
              </ButtonLink>
            </div>
          </Form>
        ) : (
          <p className="mt-4" id="price">
            <ButtonLink to={paths.home()}>Choose a plan</ButtonLink>
          </p>
        )}
      </Card>
    </>
  );
}
