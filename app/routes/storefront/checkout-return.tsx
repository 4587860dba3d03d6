import { json, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { type CheckoutReturn, getCheckoutReturn } from "#app/domain/checkout/checkout-return.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { cookieName, readCookie } from "#app/http/cookies.server.ts";
import { currentTime } from "#app/http/current-time.server.ts";
import { getCustomer } from "#app/http/guards.server.ts";
import { clientKey, consume, waitWords } from "#app/http/rate-limit.server.ts";
import { errorResponse } from "#app/http/respond.server.ts";
import { paths } from "#app/paths.ts";
import { ButtonLink } from "#app/ui/button.tsx";
import { OutcomePage } from "./outcome-page.tsx";
import { PurchaseReady, readyTitle } from "./purchase-ready.tsx";
import { StillProcessing } from "./still-processing.tsx";

export async function loader({ request, context }: LoaderFunctionArgs) {
  // Each look may cost a question to Stripe, and anybody can look.
  const turn = await consume("checkout-return-by-client", clientKey(context.clientAddress));
  if (!turn.allowed) throw errorResponse(tooManyLooks(turn.retryAfterSeconds));
  const customer = await getCustomer(request);
  const result = await getCheckoutReturn({
    sessionId: new URL(request.url).searchParams.get("session_id") ?? "",
    browserNonce: readCookie(request, cookieName("checkout")),
    customerId: customer?.id ?? null,
    now: currentTime(),
  });
  return json(result, { status: result.state === "unknown" ? 404 : 200 });
}

function tooManyLooks(retryAfterSeconds: number): DomainError {
  const words = `This page was opened too often from here. Try again in ${waitWords(retryAfterSeconds)}; your key comes by mail in any case.`;
  return new DomainError("RATE_LIMITED", words, { context: { retryAfterSeconds } });
}

const titles: Record<CheckoutReturn["state"], string> = {
  unknown: "Purchase not found",
  open: "Not paid yet",
  expired: "This checkout has expired",
  processing: "Your payment is being confirmed",
  "awaiting-payment": "Your order is placed",
  "payment-failed": "The payment did not go through",
  ready: "Thank you",
};

/** The one state that reads differently to somebody else. */
const titleForOthers = "This purchase is complete";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${titleOf(data)} · Latchkey` },
  { name: "robots", content: "noindex" },
];

export default function CheckoutReturnPage() {
  const result = useLoaderData<typeof loader>();
  const title = titles[result.state];
  switch (result.state) {
    case "ready":
      return result.mine ? (
        <PurchaseReady purchase={result} />
      ) : (
        <SomebodyElses orderNumber={result.orderNumber} />
      );
    case "processing":
      return <StillProcessing title={title} />;
    case "awaiting-payment":
      return (
        <OutcomePage kind="waiting" title={title}>
          <p>
            Order #{result.orderNumber} is in, and your bank is sending the money. That takes from a few
            minutes to a few days.
          </p>
          <p>We email you the key as soon as the payment arrives. You can close this page.</p>
        </OutcomePage>
      );
    case "payment-failed":
      return (
        <OutcomePage kind="problem" title={title} action={<ChooseAgain>Try again</ChooseAgain>}>
          <p>
            The payment for order #{result.orderNumber} was refused or did not arrive, so no license was
            issued and nothing was charged. You can try again with another way to pay.
          </p>
        </OutcomePage>
      );
    case "expired":
      return (
        <OutcomePage kind="problem" title={title} action={<ChooseAgain>Start again</ChooseAgain>}>
          <p>It was left open too long without a payment. Nothing was charged.</p>
        </OutcomePage>
      );
    case "open":
      return (
        <OutcomePage kind="problem" title={title} action={<ChooseAgain>Back to the plans</ChooseAgain>}>
          <p>
            This checkout has not been paid. If its page is still open in another tab, you can finish there;
            otherwise choose your plan again. Nothing was charged.
          </p>
        </OutcomePage>
      );
    default:
      return (
        <OutcomePage kind="problem" title={title} action={<FindMyKey />}>
          <p>
            This address does not lead to a purchase in this shop. If you have paid, your key was emailed to
            the address you gave; signing in with that address shows it too.
          </p>
        </OutcomePage>
      );
  }
}

/** The key is for the browser that paid and for the signed-in owner; anybody may have this address. */
function SomebodyElses({ orderNumber }: { orderNumber: number }) {
  return (
    <OutcomePage kind="done" title={titleForOthers} action={<FindMyKey />}>
      <p>
        Order #{orderNumber} is paid and its key was emailed to the buyer. For safety it is shown only in the
        browser that paid. Sign in with the address used for the purchase to see it here.
      </p>
    </OutcomePage>
  );
}

function titleOf(result: CheckoutReturn | undefined): string {
  if (result?.state !== "ready") return titles[result?.state ?? "unknown"];
  return result.mine ? readyTitle(result) : titleForOthers;
}

function ChooseAgain({ children }: { children: string }) {
  return <ButtonLink to={paths.home()}>{children}</ButtonLink>;
}

function FindMyKey() {
  return (
    <ButtonLink to={paths.signIn({ redirectTo: paths.portal.licenses() })}>Sign in to see my key</ButtonLink>
  );
}
