import { Form } from "@remix-run/react";
import type { RenewalOffer } from "#app/domain/checkout/renewal-offer.ts";
import { formatMoney } from "#app/domain/money.ts";
import type { FormState } from "#app/http/form-state.ts";
import { Button, ButtonLink } from "#app/ui/button.tsx";
import { Dialog } from "#app/ui/dialog.tsx";
import { Fact, Facts } from "#app/ui/facts.tsx";
import { ErrorSummary, HiddenField } from "#app/ui/field.tsx";
import { formatDate, Time } from "#app/ui/time.tsx";

/** The offer as a loader sends it: its date as ISO text. */
export type ShownOffer =
  | (Omit<Extract<RenewalOffer, { ok: true }>, "newEnd"> & { newEnd: string })
  | Extract<RenewalOffer, { ok: false }>;

type RenewalDialogProps = {
  offer: ShownOffer;
  /** When it ends now, in words. */
  ends: string;
  closeTo: string;
  /** What was wrong with the last try. */
  state: FormState | undefined;
};

/** Says what renewing brings and costs, then leads to Stripe's payment page; or why it cannot be renewed. */
export function RenewalDialog({ offer, ends, closeTo, state }: RenewalDialogProps) {
  return (
    <Dialog
      title={offer.ok ? `Renew until ${formatDate(offer.newEnd)}?` : "Renew this license?"}
      closeTo={closeTo}
    >
      <div className="grid gap-5">
        <ErrorSummary state={state} />
        {offer.ok ? <Offer offer={offer} ends={ends} closeTo={closeTo} /> : <p>{offer.problem}</p>}
      </div>
    </Dialog>
  );
}

type OfferProps = { offer: Extract<ShownOffer, { ok: true }>; ends: string; closeTo: string };

function Offer({ offer, ends, closeTo }: OfferProps) {
  const price = formatMoney(offer.amount, offer.currency);
  return (
    <>
      <Facts>
        <Fact label="Now">{ends}</Fact>
        <Fact label="New end">
          <Time at={offer.newEnd} dateOnly />
        </Fact>
        <Fact label="Price">
          {price}
          {offer.seats > 1 && ` for ${offer.seats} units`}, before taxes and discounts
        </Fact>
      </Facts>
      <p className="text-[0.9375rem] text-ink-muted">
        Your key stays the same. You pay once on Stripe’s page; nothing renews by itself.
      </p>
      {/* The answer leads to Stripe's own site, so the browser follows it as a whole page. */}
      <Form method="post" reloadDocument className="flex flex-wrap gap-3">
        <HiddenField name="intent" value="renew" />
        <Button>Renew for {price}</Button>
        <ButtonLink to={closeTo} variant="secondary" preventScrollReset>
          Not now
        </ButtonLink>
      </Form>
    </>
  );
}
