import { Form } from "@remix-run/react";
import { Check } from "lucide-react";
import type { OwnedPlan } from "#app/domain/license/portal-license.queries.server.ts";
import { formatMoney } from "#app/domain/money.ts";
import {
  deviceWords,
  entitlementWords,
  type PlanTerms,
  planName,
  purchaseWords,
  rateWords,
  termWords,
  updateWords,
} from "#app/domain/product/plan-words.ts";
import { paths } from "#app/paths.ts";
import { Button } from "#app/ui/button.tsx";
import { HiddenField, TextField } from "#app/ui/field.tsx";
import { TextLink } from "#app/ui/text-link.tsx";

type Price = {
  id: string;
  amount: number;
  currency: string;
  interval: string | null;
  intervalCount: number | null;
  trialDays: number | null;
  maxQuantity: number;
};

type PlanCardProps = {
  productName: string;
  plan: PlanTerms & { slug: string; name: string; prices: readonly Price[] };
  /** Whether anything can be bought at all. */
  open: boolean;
  customerEmail: string | null;
  /** How this customer has the plan already; buying it once more is allowed. */
  owned: OwnedPlan | null;
};

/** One plan: what it costs, what it includes, and the form that buys it, which needs no script. */
export function PlanCard({ productName, plan, open, customerEmail, owned }: PlanCardProps) {
  const included = [
    termWords(plan),
    deviceWords(plan),
    updateWords(plan),
    ...entitlementWords(plan.entitlements),
  ];
  return (
    <article className="flex flex-col gap-5 rounded-2xl border border-line bg-surface p-5 shadow-card sm:p-6">
      <h3 className="text-lg font-semibold wrap-anywhere">{plan.name}</h3>
      {plan.prices.map((price) => (
        <PriceLine key={price.id} price={price} seats={plan.seats} />
      ))}
      <ul
        aria-label={`${plan.name} includes`}
        className="grid content-start gap-2 text-[0.9375rem] leading-6"
      >
        {included.map((words) => (
          <li key={words} className="flex gap-2.5">
            <Check aria-hidden="true" className="mt-1 size-4 flex-none text-accent" />
            <span className="min-w-0 wrap-anywhere">{words}</span>
          </li>
        ))}
      </ul>
      <div className="mt-auto grid gap-4 border-t border-line pt-5">
        {owned && <Owned {...owned} planName={plan.name} />}
        {plan.prices.map((price) => (
          <BuyForm
            key={price.id}
            price={price}
            planName={planName(productName, plan.name)}
            seats={plan.seats}
            several={plan.prices.length > 1}
            open={open}
            customerEmail={customerEmail}
          />
        ))}
      </div>
    </article>
  );
}

function Owned({ licenseId, how, planName: plan }: OwnedPlan & { planName: string }) {
  const words =
    how === "dated"
      ? { have: "You have this license.", act: "Renew it", instead: "to go on with the same key." }
      : {
          have: "You are subscribed to this plan.",
          act: "Change its seats or payment",
          instead: "instead of subscribing twice.",
        };
  return (
    <p className="text-sm">
      {words.have}{" "}
      <TextLink to={paths.portal.license(licenseId, how === "dated" ? { renew: "yes" } : {})}>
        {words.act}
        <span className="sr-only"> ({plan})</span>
      </TextLink>{" "}
      {words.instead}
    </p>
  );
}

function PriceLine({ price, seats }: { price: Price; seats: PlanTerms["seats"] }) {
  return (
    <div>
      <p className="flex flex-wrap items-baseline gap-x-2">
        <span className="text-3xl font-semibold tracking-tight tabular-nums">
          {formatMoney(price.amount, price.currency)}
        </span>
        <span className="text-ink-muted">{rateWords({ ...price, seats })}</span>
      </p>
      {price.trialDays !== null && (
        <p className="mt-1 text-sm text-ink-muted">
          {price.trialDays} days free first. Cancel before they end and you pay nothing.
        </p>
      )}
    </div>
  );
}

type BuyFormProps = {
  price: Price;
  planName: string;
  seats: "keys" | "devices";
  /** Whether the plan has other prices, so that the button has to name its own. */
  several: boolean;
  open: boolean;
  customerEmail: string | null;
};

function BuyForm({ price, planName, seats, several, open, customerEmail }: BuyFormProps) {
  if (!open) return <p className="text-ink-muted">Not on sale yet.</p>;
  return (
    <Form
      method="post"
      action={paths.checkout()}
      // The answer leads to Stripe's own site, so the browser follows it as a whole page.
      reloadDocument
      className="flex flex-wrap items-end gap-3"
    >
      <HiddenField name="price" value={price.id} />
      {customerEmail && <HiddenField name="email" value={customerEmail} />}
      {price.maxQuantity > 1 ? (
        <div className="w-28">
          <TextField
            label={seats === "devices" ? "Quantity" : price.interval ? "Seats" : "Licenses"}
            name="quantity"
            id={`quantity-${price.id}`}
            type="number"
            inputMode="numeric"
            min={1}
            max={price.maxQuantity}
            step={1}
            defaultValue={1}
            required
            autoComplete="off"
          />
        </div>
      ) : (
        <HiddenField name="quantity" value={1} />
      )}
      <Button className="min-w-24 grow">
        {purchaseWords(price)} {several && `for ${formatMoney(price.amount, price.currency)}`}
        <span className="sr-only">{planName}</span>
      </Button>
    </Form>
  );
}
