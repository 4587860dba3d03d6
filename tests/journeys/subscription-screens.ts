import type { SubscriptionFacts } from "#app/domain/subscription/subscription.ts";
import { paths } from "#app/paths.ts";
import type { Scene, Screen } from "#tests/journeys/screens.ts";
import { subscriptionFacts } from "#tests/stored-subscription.ts";

// What a customer sees of a subscription in each of its states, without playing through months of it: for as long as a
// screen is looked at, the licenses of one order belong to a subscription that is as the screen needs it.

const subscriptionId = "sub_screens";
const dayMs = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * dayMs);

type State = {
  facts?: Partial<SubscriptionFacts>;
  /** Days from now; no grace = none. */
  paidUntil: number;
  graceUntil?: number;
  extendedUntil?: number;
  /** Of the license that is looked at. */
  hold?: string;
};

type Row = { id: string; term: string; source_id: string; item_key: string; paid_until: Date };

/** Makes it so. @returns what puts everything back. */
async function subscribe({ database, sales }: Scene, state: State): Promise<() => Promise<void>> {
  const { dated } = (await sales()).licenses;
  const facts = subscriptionFacts(subscriptionId, state.facts);
  const { rows } = await database.query<Row>(
    "SELECT id, term, source_id, item_key, paid_until FROM license WHERE order_id = (SELECT order_id FROM license WHERE id = $1)",
    [dated],
  );
  const ids = rows.map(({ id }) => id);
  await database.query(
    `UPDATE license SET term = 'subscription', source_id = $2, item_key = $3, paid_until = $4, grace_until = $5,
       extended_until = $6 WHERE id = ANY ($1)`,
    [
      ids,
      subscriptionId,
      facts.items[0]?.id,
      inDays(state.paidUntil),
      state.graceUntil === undefined ? null : inDays(state.graceUntil),
      state.extendedUntil === undefined ? null : inDays(state.extendedUntil),
    ],
  );
  await database.query(
    "INSERT INTO stripe_source (id, kind, livemode, synced_seq, synced_at, snapshot) VALUES ($1, 'subscription', false, 1, now(), $2)",
    [subscriptionId, JSON.stringify(facts)],
  );
  if (state.hold)
    await database.query(
      "INSERT INTO license_hold (id, license_id, cause, reason) VALUES ('hold_screens', $1, $2, 'For a test')",
      [dated, state.hold],
    );
  return async () => {
    await database.query("DELETE FROM license_hold WHERE id = 'hold_screens'");
    await database.query("DELETE FROM stripe_source WHERE id = $1", [subscriptionId]);
    for (const row of rows)
      await database.query(
        `UPDATE license SET term = $2, source_id = $3, item_key = $4, paid_until = $5, grace_until = NULL,
           extended_until = NULL WHERE id = $1`,
        [row.id, row.term, row.source_id, row.item_key, row.paid_until],
      );
  };
}

function screen(name: string, route: string, path: (licenseId: string) => string, state: State): Screen {
  let putBack = () => Promise.resolve();
  return {
    name,
    route,
    open: async (scene) => {
      putBack = await subscribe(scene, state);
      await scene.buyer.goto(path((await scene.sales()).licenses.dated));
      return scene.buyer;
    },
    after: () => putBack(),
  };
}

const licensePage = (name: string, state: State) =>
  screen(`my license: ${name}`, "routes/portal/license.tsx", (id) => paths.portal.license(id), state);

const running: State = { paidUntil: 20, graceUntil: 22 };
const [paidInvoice] = subscriptionFacts(subscriptionId).invoices;
if (!paidInvoice) throw new Error("The plain subscription has a paid invoice.");
const owed = {
  ...paidInvoice,
  ...{ id: "in_owed", status: "open", billingReason: "subscription_cycle", paidAt: null, payments: [] },
  ...{ nextPaymentAttempt: inDays(2), hostedInvoiceUrl: "https://invoice.stripe.com/i/test" },
};

export const subscriptionScreens: Screen[] = [
  screen("my licenses: keys of one subscription", "routes/portal/licenses.tsx", () => "/portal", running),
  licensePage("renews itself", running),
  licensePage("in trial", {
    ...running,
    facts: { status: "trialing", trialStart: inDays(-4), trialEnd: inDays(10) },
  }),
  licensePage("in grace, extended by staff", {
    facts: { status: "past_due", invoices: [owed] },
    paidUntil: -2,
    graceUntil: 5,
    extendedUntil: -1,
  }),
  licensePage("payment to confirm", {
    facts: { status: "past_due", invoices: [{ ...owed, requiresAction: true }] },
    paidUntil: -2,
    graceUntil: 5,
  }),
  licensePage("unpaid", {
    facts: { status: "unpaid", invoices: [owed] },
    paidUntil: -9,
    hold: `unpaid:${subscriptionId}`,
  }),
  licensePage("cancellation to come", { facts: { cancelAt: inDays(20) }, paidUntil: 20 }),
  licensePage("paused", {
    facts: { status: "paused", pausedBecause: "trial_end_without_payment_method" },
    paidUntil: -1,
    hold: `pause:${subscriptionId}`,
  }),
  licensePage("subscription ended", {
    facts: { status: "canceled", endedAt: inDays(-3), endedBecause: "payment_failed" },
    paidUntil: -3,
  }),
  licensePage("without a seat", { ...running, hold: `released:${subscriptionId}` }),
  screen(
    "pricing, subscribed already and billed yearly",
    "routes/storefront/home.tsx",
    () => "/?billing=year",
    {
      ...running,
    },
  ),
];

/** The renewal of a dated license: its dialog, and why there is none for a license that never ends. */
export const renewalScreens: Screen[] = (["dated", "expired", "perpetual"] as const).map((kind) => ({
  name: `renew dialog: ${kind} license`,
  route: "routes/portal/license.tsx",
  open: async ({ buyer, sales }) => {
    const { licenses } = await sales();
    await buyer.goto(paths.portal.license(licenses[kind], { renew: "yes" }));
    await buyer.getByRole("dialog").waitFor();
    return buyer;
  },
}));
