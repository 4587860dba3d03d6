import { randomUUID } from "node:crypto";
import type { Browser, Page } from "@playwright/test";
import pg from "pg";
import { paths } from "#app/paths.ts";
import { apiKeyScreens, noApiKeysYet } from "#tests/journeys/api-key-screens.ts";
import { buy, mailTo, newAddress, signInAsCustomer, signInAsStaff } from "#tests/journeys/journey.ts";
import { offlineScreens, signingKeyScreens } from "#tests/journeys/offline-screens.ts";
import type { Stack } from "#tests/journeys/stack.ts";
import { renewalScreens, subscriptionScreens } from "#tests/journeys/subscription-screens.ts";
import { troubledSubscriptionFacts } from "#tests/stored-subscription.ts";

/** The people who look at the screens, each in a browser of their own, and what they look at. */
export type Scene = {
  stack: Stack;
  database: pg.Client;
  stranger: Page;
  buyer: Page;
  newcomer: Page;
  owner: Page;
  viewer: Page;
  /** Sales of every kind; made when first asked for, so that the empty screens can be looked at before. */
  sales: () => Promise<Sales>;
  stop: () => Promise<void>;
};

export type Sales = {
  buyerEmail: string;
  sessions: Record<"paid" | "awaiting" | "failed" | "expired" | "open", string>;
  licenses: Record<"perpetual" | "dated" | "suspended" | "revoked" | "expired", string>;
  orderId: string;
  subscriptionOrderId: string;
  customerId: string;
  emailId: string;
  failedEmailId: string;
  eventKey: string;
  failedEventKey: string;
};

export async function setScene(stack: Stack, browser: Browser): Promise<Scene> {
  const database = new pg.Client({ connectionString: stack.databaseUrl });
  await database.connect();
  const somebody = async () =>
    (await browser.newContext({ baseURL: stack.appUrl, reducedMotion: "reduce" })).newPage();
  const [stranger, buyer, newcomer, owner, viewer] = [
    await somebody(),
    await somebody(),
    await somebody(),
    await somebody(),
    await somebody(),
  ];
  await signInAsStaff(owner, stack, "owner");
  await signInAsStaff(viewer, stack, "viewer");
  await signInAsCustomer(newcomer, stack, newAddress("newcomer"));
  let made: Promise<Sales> | undefined;
  const sales = () => {
    made ??= makeSales({ stack, database, buyer, owner });
    return made;
  };
  const stop = async () => {
    for (const page of [stranger, buyer, newcomer, owner, viewer]) await page.context().close();
    await database.end();
  };
  return { stack, database, stranger, buyer, newcomer, owner, viewer, sales, stop };
}

async function makeSales(from: Pick<Scene, "stack" | "database" | "buyer" | "owner">): Promise<Sales> {
  const { stack, database, buyer, owner } = from;
  const one = async (query: string, values: unknown[] = []): Promise<string> => {
    const { rows } = await database.query<{ id: string }>(query, values);
    if (!rows[0]) throw new Error(`Nothing found by ${query}`);
    return rows[0].id;
  };
  const returned = () => new URL(buyer.url()).searchParams.get("session_id") ?? "";
  const buyerEmail = newAddress("buyer");
  await buy(buyer, { email: buyerEmail, method: "delayed_success" });
  const awaiting = returned();
  await buy(buyer, { email: buyerEmail, method: "delayed_failure" });
  const failed = returned();
  stack.standIn.settle(failed, "failed");
  const expired = await leaveOpen(buyer);
  stack.standIn.expire(expired);
  const open = await leaveOpen(buyer);
  await buy(buyer, { email: buyerEmail, plan: "One year", quantity: 4 });
  const { rows } = await database.query<{ id: string }>(
    "SELECT l.id FROM license l JOIN customer c ON c.id = l.customer_id WHERE c.email = $1 ORDER BY ordinal",
    [buyerEmail],
  );
  const [dated = "", suspended = "", revoked = "", ended = ""] = rows.map(({ id }) => id);
  await buy(buyer, { email: buyerEmail });
  const paid = returned();
  await mailTo(stack, buyerEmail, /license/i);
  await act(owner, stack, suspended, { intent: "suspend" });
  await act(owner, stack, revoked, {
    intent: "revoke",
    confirmation: await one("SELECT key_last_group AS id FROM license WHERE id = $1", [revoked]),
  });
  await database.query("UPDATE license SET paid_until = now() - interval '40 days' WHERE id = $1", [ended]);
  await signInAsCustomer(buyer, stack, buyerEmail);
  const eventKey = await one(
    "SELECT dedupe_key AS id FROM stripe_event WHERE processed_at IS NOT NULL LIMIT 1",
  );
  const failedEventKey = await one(
    "SELECT dedupe_key AS id FROM stripe_event WHERE dedupe_key <> $1 LIMIT 1",
    [eventKey],
  );
  await database.query(
    "UPDATE stripe_event SET processed_at = NULL, ignored_at = NULL, failed_at = now(), last_error = $2 WHERE dedupe_key = $1",
    [failedEventKey, "Stripe did not answer within 20 seconds."],
  );
  const emailId = await one("SELECT id FROM email WHERE kind = 'license-issued' AND recipient = $1 LIMIT 1", [
    buyerEmail,
  ]);
  const failedEmailId = await one("SELECT id FROM email WHERE kind = 'payment-pending' LIMIT 1");
  await database.query(
    "UPDATE email SET sent_at = NULL, failed_at = now(), attempts = 9, last_error = $2 WHERE id = $1",
    [failedEmailId, "550 No such mailbox here"],
  );
  await database.query(
    "INSERT INTO alert (id, kind, cause_key, message, source_id, created_at) VALUES ('alert_1', 'unmapped-price', 'a', $1, $2, now())",
    ["A paid session has a price that is not in the catalog.", paid],
  );
  const customerId = await one("SELECT id FROM customer WHERE email = $1", [buyerEmail]);
  return {
    buyerEmail,
    sessions: { paid, awaiting, failed, expired, open },
    licenses: {
      perpetual: await one("SELECT id FROM license WHERE source_id = $1", [paid]),
      dated,
      suspended,
      revoked,
      expired: ended,
    },
    orderId: await one('SELECT id FROM "order" WHERE stripe_session_id = $1', [paid]),
    subscriptionOrderId: await troubledSubscription(database, customerId),
    customerId,
    emailId,
    failedEmailId,
    eventKey,
    failedEventKey,
  };
}

/** A subscription with everything that can be wrong with one. @returns its order's id. */
async function troubledSubscription(database: pg.Client, customerId: string): Promise<string> {
  const [id, orderId] = ["sub_troubled", "ord_troubled"];
  await database.query(
    `INSERT INTO "order" (id, customer_id, email, stripe_subscription_id, amount_total, currency, paid_at, updated_at)
     VALUES ($1, $2, 'billing@example.com', $3, 4500, 'usd', now(), now())`,
    [orderId, customerId, id],
  );
  await database.query(
    `INSERT INTO stripe_source (id, kind, livemode, order_id, synced_seq, synced_at, snapshot)
     VALUES ($1, 'subscription', false, $2, 1, now(), $3)`,
    [id, orderId, JSON.stringify(troubledSubscriptionFacts(id, new Date()))],
  );
  await database.query(
    `INSERT INTO stripe_customer (id, customer_id, livemode, email, name, deleted_at)
     VALUES ('cus_troubled', $1, false, 'billing@example.com', 'Accounts payable', now())`,
    [customerId],
  );
  await database.query(
    `INSERT INTO alert (id, kind, cause_key, message, source_id, order_id, created_at, resolved_at)
     VALUES ('alert_2', 'dispute-opened', 'b', 'The payment of order #1 is disputed.', $1, $2, now(), NULL),
            ('alert_3', 'refund-failed', 'c', 'Refund re_1 failed.', $1, $2, now(), now())`,
    [id, orderId],
  );
  return orderId;
}

/** Goes to the payment page and no further. @returns the session's id. */
async function leaveOpen(page: Page): Promise<string> {
  await page.goto("/");
  const plan = page.getByRole("article").filter({ hasText: "Perpetual license" });
  await plan.getByRole("button", { name: /buy/i }).click();
  await page.waitForURL(/\/checkout\/cs_test_/);
  return new URL(page.url()).pathname.split("/").at(-1) ?? "";
}

/** One act of staff, as its form posts it. */
async function act(
  owner: Page,
  stack: Stack,
  licenseId: string,
  fields: Record<string, string>,
): Promise<void> {
  const form = { reason: "Looked at for a test", version: "1", submission: randomUUID(), ...fields };
  const answer = await owner.request.post(paths.admin.license(licenseId), {
    form,
    headers: { origin: stack.appUrl },
    maxRedirects: 0,
  });
  if (answer.status() !== 303) throw new Error(`${fields.intent}: ${answer.status()} ${await answer.text()}`);
}

export type Screen = {
  name: string;
  /** The route's file as `app/routes.ts` names it; null for pages of the stand-in and the mailbox. */
  route: string | null;
  open: (scene: Scene) => Promise<Page>;
  /** Puts back what `open` broke. */
  after?: (scene: Scene) => Promise<void>;
};

type Person = "stranger" | "buyer" | "newcomer" | "owner" | "viewer";

/** A screen that is opened by its address alone. */
function at(
  name: string,
  route: string | null,
  who: Person,
  path: string | ((sales: Sales) => string),
): Screen {
  return {
    name,
    route,
    open: async (scene) => {
      const page = scene[who];
      await page.goto(typeof path === "string" ? path : path(await scene.sales()));
      return page;
    },
  };
}

/** A dialog of a license, open; with `send` as after its form was refused. */
function dialog(
  action: "extend" | "change-limit" | "suspend" | "reinstate" | "revoke" | "resend",
  refuse?: (page: Page) => Promise<void>,
): Screen {
  const route = "routes/admin/license.tsx";
  return {
    name: `license dialog: ${action}${refuse ? ", refused" : ""}`,
    route,
    open: async ({ owner, sales }) => {
      const { licenses } = await sales();
      const licenseId = action === "reinstate" ? licenses.suspended : licenses.dated;
      await owner.goto(paths.admin.license(licenseId, { do: action }));
      const shown = owner.getByRole("dialog");
      await shown.waitFor();
      if (!refuse) return owner;
      await refuse(owner);
      await send(owner);
      await shown.getByRole("alert").waitFor();
      return owner;
    },
  };
}

/** The page of a license with devices of every state, as long as the screen is looked at. */
function licenseWithDevices(as: "buyer" | "owner", name: string, query: Record<string, string> = {}): Screen {
  const [route, path] =
    as === "owner"
      ? (["routes/admin/license.tsx", paths.admin.license] as const)
      : (["routes/portal/license.tsx", paths.portal.license] as const);
  return {
    name,
    route,
    open: async (scene) => {
      const { dated } = (await scene.sales()).licenses;
      await scene.database.query(
        `INSERT INTO activation (id, license_id, fingerprint_hmac, fingerprint_ciphertext, name, platform, app_version,
           first_seen_at, last_seen_at, lease_until, released_at)
         VALUES ('act_studio', $1, 'a', '', 'Studio Mac', 'macOS', '2.1.0', now() - interval '9 days', now(), NULL, NULL),
                ('act_silent', $1, 'b', '', NULL, NULL, NULL, now() - interval '8 days', now(), now() - interval '1 day', NULL),
                ('act_sold', $1, 'c', '', 'Old laptop', 'Windows', '1.9', now() - interval '90 days', now(), NULL, now())`,
        [dated],
      );
      await scene[as].goto(path(dated, query));
      return scene[as];
    },
    after: async ({ database }) => void (await database.query("DELETE FROM activation")),
  };
}

/** A license with three ends and the hold of an unpaid subscription, as long as the screen is looked at. */
function heldLicense(name: string, query: Record<string, string>): Screen {
  return {
    name,
    route: "routes/admin/license.tsx",
    open: async ({ owner, database, sales }) => {
      const { dated } = (await sales()).licenses;
      await database.query(
        "INSERT INTO license_hold (id, license_id, cause, reason) VALUES ('hold_unpaid', $1, 'unpaid:sub_troubled', $2)",
        [dated, "The renewal has not been paid."],
      );
      await database.query(
        "UPDATE license SET grace_until = paid_until + interval '7 days', extended_until = paid_until + interval '1 day' WHERE id = $1",
        [dated],
      );
      await owner.goto(paths.admin.license(dated, query));
      return owner;
    },
    after: async ({ database }) => {
      await database.query("DELETE FROM license_hold WHERE id = 'hold_unpaid'");
      await database.query(
        "UPDATE license SET grace_until = NULL, extended_until = NULL WHERE grace_until > now()",
      );
    },
  };
}

/** A license that a program made for nobody, as long as the screen is looked at. */
function ownerlessLicense(name: string, query: Record<string, string> = {}): Screen {
  return {
    name,
    route: "routes/admin/license.tsx",
    open: async ({ owner, database, sales }) => {
      const { dated } = (await sales()).licenses;
      await database.query("UPDATE license SET customer_id = NULL WHERE id = $1", [dated]);
      await owner.goto(paths.admin.license(dated, query));
      return owner;
    },
    after: async ({ database, sales }) => {
      const { customerId } = await sales();
      await database.query("UPDATE license SET customer_id = $1 WHERE customer_id IS NULL", [customerId]);
    },
  };
}

const send = (page: Page) => page.getByRole("dialog").locator("form[method=post] button").last().click();
const fill = (label: string | RegExp, value: string) => (page: Page) =>
  page.getByRole("dialog").getByLabel(label).fill(value);
const shortReason = fill("Reason", "x");

export const emptyScreens: Screen[] = [
  at("overview, nothing to do", "routes/admin/overview.tsx", "owner", "/admin"),
  at("licenses, none yet", "routes/admin/licenses.tsx", "owner", "/admin/licenses"),
  at("orders, none yet", "routes/admin/orders.tsx", "owner", "/admin/orders"),
  at("subscriptions, none yet", "routes/admin/subscriptions.tsx", "owner", "/admin/subscriptions"),
  at("alerts, none yet", "routes/admin/alerts.tsx", "owner", "/admin/alerts"),
  noApiKeysYet,
  at("webhooks, none yet", "routes/admin/webhook-inbox.tsx", "owner", "/admin/webhooks"),
  {
    name: "pricing, nothing for sale",
    route: "routes/storefront/home.tsx",
    open: async ({ stranger, database }) => {
      await database.query("UPDATE price SET archived_at = now()");
      await stranger.goto("/");
      return stranger;
    },
    after: async ({ database }) => void (await database.query("UPDATE price SET archived_at = NULL")),
  },
];

const returnPage = "routes/storefront/checkout-return.tsx";
const returned = (state: keyof Sales["sessions"]) => (sales: Sales) =>
  paths.checkoutReturn(sales.sessions[state]);

export const shopScreens: Screen[] = [
  at("pricing", "routes/storefront/home.tsx", "stranger", "/"),
  at("checkout without a plan", "routes/storefront/checkout.tsx", "stranger", "/checkout"),
  {
    name: "checkout that cannot be opened",
    route: "routes/storefront/checkout.tsx",
    open: async ({ stranger, stack }) => {
      stack.standIn.faults.next(20, { status: 500, match: /POST \/v1\/checkout\/sessions/ });
      await stranger.goto("/");
      await stranger.getByRole("button", { name: /buy/i }).first().click();
      await stranger.getByRole("alert").waitFor();
      return stranger;
    },
    after: ({ stack }) => Promise.resolve(stack.standIn.faults.clear()),
  },
  {
    name: "too many checkouts",
    route: "routes/storefront/checkout.tsx",
    open: async ({ stranger, database }) => {
      await useUp(database, "checkout-by-client:127.0.0.1");
      await stranger.goto("/");
      await stranger.getByRole("button", { name: /buy/i }).first().click();
      await stranger.getByText("Error 429").waitFor();
      return stranger;
    },
    after: ({ database }) => forgetLimits(database),
  },
  at("return page: ready", returnPage, "buyer", returned("paid")),
  at("return page: somebody else's", returnPage, "stranger", returned("paid")),
  at("return page: awaiting payment", returnPage, "buyer", returned("awaiting")),
  at("return page: payment failed", returnPage, "buyer", returned("failed")),
  at("return page: expired", returnPage, "buyer", returned("expired")),
  at("return page: not paid", returnPage, "buyer", returned("open")),
  at("return page: unknown", returnPage, "stranger", "/checkout/return?session_id=cs_test_nobody"),
  {
    name: "return page: processing",
    route: returnPage,
    open: async ({ stranger, stack }) => {
      stack.standIn.faults.next(500, { status: 500, match: /GET \/v1\/checkout\/sessions/ });
      await stranger.goto("/checkout/return?session_id=cs_test_unheard");
      return stranger;
    },
    after: ({ stack }) => Promise.resolve(stack.standIn.faults.clear()),
  },
  ...offlineScreens,
  at("API reference", "routes/storefront/api-reference.tsx", "stranger", paths.apiReference()),
  at("no such page", "routes/not-found.tsx", "stranger", "/nowhere"),
  at("no such page, said in front of the framework", null, "stranger", "/__manifest"),
];

const signIn = "routes/auth/sign-in.tsx";
const askForCode = async ({ stranger }: Scene) => {
  await stranger.context().clearCookies();
  await stranger.goto("/sign-in");
  await stranger.getByLabel("Email").fill(newAddress("stranger"));
  await stranger.getByRole("button", { name: "Send me a code" }).click();
  await stranger.getByLabel("Code").waitFor();
  return stranger;
};

export const signInScreens: Screen[] = [
  at("sign-in: address", signIn, "stranger", "/sign-in"),
  {
    name: "sign-in: no address",
    route: signIn,
    open: async ({ stranger }) => {
      await stranger.goto("/sign-in");
      await stranger.getByLabel("Email").fill("nobody");
      await stranger.getByRole("button", { name: "Send me a code" }).click();
      await stranger.getByRole("alert").waitFor();
      return stranger;
    },
  },
  { name: "sign-in: code", route: signIn, open: askForCode },
  {
    name: "sign-in: wrong code",
    route: signIn,
    open: async (scene) => {
      const page = await askForCode(scene);
      await page.getByLabel("Code").fill("AAAA-AAAA");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("alert").waitFor();
      return page;
    },
  },
  {
    name: "sign-in: closed after five tries",
    route: signIn,
    open: async (scene) => {
      const page = await askForCode(scene);
      await scene.database.query("UPDATE sign_in_flow SET attempts = 5");
      await page.reload();
      return page;
    },
  },
  {
    name: "sign-in: too many codes",
    route: signIn,
    open: async ({ stranger, database }) => {
      await useUp(database, "sign-in-code-by-client:127.0.0.1");
      await stranger.goto("/sign-in");
      await stranger.getByLabel("Email").fill("limit@example.com");
      await stranger.getByRole("button", { name: "Send me a code" }).click();
      await stranger.getByRole("alert").waitFor();
      return stranger;
    },
    after: ({ database }) => forgetLimits(database),
  },
  at("sign-in: staff", signIn, "stranger", "/sign-in?as=staff"),
  {
    name: "sign-in: wrong password",
    route: signIn,
    open: async ({ stranger }) => {
      await stranger.goto("/sign-in?as=staff");
      await stranger.getByLabel("Email").fill("nobody@example.com");
      await stranger.getByLabel("Password").fill("not the password");
      await stranger.getByRole("button", { name: "Sign in" }).click();
      await stranger.getByRole("alert").waitFor();
      return stranger;
    },
  },
];

const portalLicense = (state: keyof Sales["licenses"]) =>
  at(`my license: ${state}`, "routes/portal/license.tsx", "buyer", (sales) =>
    paths.portal.license(sales.licenses[state]),
  );

export const portalScreens: Screen[] = [
  at("my licenses: none", "routes/portal/licenses.tsx", "newcomer", "/portal"),
  {
    name: "my licenses, with a key and the account menu shown",
    route: "routes/portal/licenses.tsx",
    open: async ({ buyer, sales }) => {
      await sales();
      await buyer.goto("/portal");
      await buyer.getByRole("button", { name: "Show key" }).first().click();
      await openMenu(buyer, /^Account of/);
      return buyer;
    },
  },
  portalLicense("perpetual"),
  portalLicense("dated"),
  portalLicense("suspended"),
  portalLicense("revoked"),
  portalLicense("expired"),
  ...subscriptionScreens,
  ...renewalScreens,
  {
    name: "my license: key sent again",
    route: "routes/portal/license.tsx",
    open: async ({ buyer, sales }) => {
      await buyer.goto(paths.portal.license((await sales()).licenses.perpetual));
      await buyer.getByRole("button", { name: "Send the key again" }).click();
      await buyer
        .getByRole("status")
        .filter({ hasText: /sent|mail/i })
        .waitFor();
      return buyer;
    },
  },
  licenseWithDevices("buyer", "my license: its devices"),
  licenseWithDevices("buyer", "my license: release a device", { release: "act_studio" }),
  at("my license: somebody else's", "routes/portal/license.tsx", "newcomer", (sales) =>
    paths.portal.license(sales.licenses.dated),
  ),
];

export const dialogScreens: Screen[] = [
  dialog("extend"),
  dialog("extend", async (page) => {
    await page.getByRole("radio", { name: "Another period" }).check();
    await fill("Number", "0")(page);
    await shortReason(page);
  }),
  {
    name: "license dialog: extend, to a date, with its preview",
    route: "routes/admin/license.tsx",
    open: async ({ owner, sales }) => {
      await owner.goto(paths.admin.license((await sales()).licenses.dated, { do: "extend" }));
      await owner.getByRole("radio", { name: "To a date" }).check();
      await fill("Last day", "2031-05-06")(owner);
      await owner.getByText("New end: 6 May 2031").waitFor();
      return owner;
    },
  },
  dialog("change-limit"),
  dialog("change-limit", async (page) => {
    await fill("Devices", "many")(page);
    await shortReason(page);
  }),
  dialog("suspend"),
  dialog("suspend", shortReason),
  dialog("reinstate"),
  dialog("reinstate", shortReason),
  dialog("resend"),
  dialog("resend", fill("Address", "another@example.com")),
  dialog("revoke"),
  dialog("revoke", async (page) => {
    await fill("Reason", "Charged back")(page);
    await fill(/to confirm/, "0000")(page);
  }),
  {
    name: "license dialog: somebody was faster",
    route: "routes/admin/license.tsx",
    open: async ({ owner, stack, sales }) => {
      const { dated } = (await sales()).licenses;
      await owner.goto(paths.admin.license(dated, { do: "suspend" }));
      await act(owner, stack, dated, { intent: "extend", period: "1-year" });
      await fill("Reason", "Charged back")(owner);
      await send(owner);
      await owner.getByText("What changed since you opened this page").waitFor();
      return owner;
    },
  },
];

export const adminScreens: Screen[] = [
  at("overview", "routes/admin/overview.tsx", "owner", ({ orderId }) => orderId && "/admin"),
  at("overview of a viewer", "routes/admin/overview.tsx", "viewer", "/admin"),
  at("licenses", "routes/admin/licenses.tsx", "owner", "/admin/licenses"),
  at(
    "licenses, nothing matches",
    "routes/admin/licenses.tsx",
    "owner",
    "/admin/licenses?q=zzzzzzz&status=active",
  ),
  ...[/^Menu$/, /^Account of/].map((menu) => ({
    name: `licenses, with the menu ${menu.source} open`,
    route: "routes/admin/licenses.tsx",
    open: async ({ owner }: Scene) => {
      await owner.goto("/admin/licenses?sort=ends&direction=asc");
      await openMenu(owner, menu);
      return owner;
    },
  })),
  at("new license", "routes/admin/new-license.tsx", "owner", "/admin/licenses/new"),
  {
    name: "new license, refused",
    route: "routes/admin/new-license.tsx",
    open: async ({ owner }) => {
      await owner.goto("/admin/licenses/new");
      await owner.getByLabel("Address of the customer").fill("friend@example");
      await owner.getByLabel("Quantity").fill("99");
      await owner.getByLabel("Reason").fill("x");
      await owner.getByRole("button", { name: "Issue license" }).click();
      await owner.getByRole("alert").waitFor();
      return owner;
    },
  },
  at("license", "routes/admin/license.tsx", "owner", ({ licenses }) => paths.admin.license(licenses.dated)),
  at("license, suspended", "routes/admin/license.tsx", "owner", ({ licenses }) =>
    paths.admin.license(licenses.suspended),
  ),
  at("license, revoked", "routes/admin/license.tsx", "owner", ({ licenses }) =>
    paths.admin.license(licenses.revoked),
  ),
  at("license of a viewer", "routes/admin/license.tsx", "viewer", ({ licenses }) =>
    paths.admin.license(licenses.expired),
  ),
  {
    name: "license, key revealed",
    route: "routes/admin/license.tsx",
    open: async ({ owner, sales }) => {
      await owner.goto(paths.admin.license((await sales()).licenses.perpetual));
      await owner.getByRole("button", { name: "Reveal key" }).click();
      await owner.getByRole("button", { name: "Reveal key" }).waitFor({ state: "detached" });
      return owner;
    },
  },
  at("license, no such", "routes/admin/license.tsx", "owner", "/admin/licenses/lic_none"),
  at("customers", "routes/admin/customers.tsx", "owner", "/admin/customers"),
  at("customers, nothing matches", "routes/admin/customers.tsx", "owner", "/admin/customers?q=zzzzzzz"),
  at("customer", "routes/admin/customer.tsx", "owner", ({ customerId }) => paths.admin.customer(customerId)),
  at("orders", "routes/admin/orders.tsx", "owner", "/admin/orders"),
  at("orders, nothing matches", "routes/admin/orders.tsx", "owner", "/admin/orders?q=zzzzzzz"),
  at("order", "routes/admin/order.tsx", "owner", ({ orderId }) => paths.admin.order(orderId)),
  at("order of a subscription", "routes/admin/order.tsx", "owner", ({ subscriptionOrderId }) =>
    paths.admin.order(subscriptionOrderId),
  ),
  at("subscriptions", "routes/admin/subscriptions.tsx", "owner", "/admin/subscriptions"),
  at(
    "subscriptions, nothing matches",
    "routes/admin/subscriptions.tsx",
    "owner",
    "/admin/subscriptions?status=paused&q=zzzzzzz",
  ),
  at("alerts", "routes/admin/alerts.tsx", "owner", "/admin/alerts"),
  at("alerts, resolved", "routes/admin/alerts.tsx", "viewer", "/admin/alerts?state=resolved"),
  at("alerts, nothing matches", "routes/admin/alerts.tsx", "owner", "/admin/alerts?kind=price-vanished"),
  ...apiKeyScreens,
  ...signingKeyScreens,
  at("settings", "routes/admin/settings.tsx", "owner", "/admin/settings"),
  heldLicense("license, unpaid, in grace and extended", {}),
  heldLicense("license dialog: extend, unpaid", { do: "extend" }),
  licenseWithDevices("owner", "license with devices"),
  licenseWithDevices("owner", "license dialog: release a device", { release: "act_studio" }),
  ownerlessLicense("license without an owner"),
  ownerlessLicense("license dialog: assign", { do: "assign" }),
  ownerlessLicense("license dialog: suspend, no owner", { do: "suspend" }),
  ownerlessLicense("license dialog: resend, no owner", { do: "resend" }),
  at("webhooks", "routes/admin/webhook-inbox.tsx", "owner", "/admin/webhooks"),
  at("webhooks, nothing matches", "routes/admin/webhook-inbox.tsx", "owner", "/admin/webhooks?q=zzzzzzz"),
  at("webhook event", "routes/admin/webhook-event.tsx", "owner", ({ eventKey }) =>
    paths.admin.webhookEvent(eventKey),
  ),
  at("webhook event, failed", "routes/admin/webhook-event.tsx", "owner", ({ failedEventKey }) =>
    paths.admin.webhookEvent(failedEventKey),
  ),
  at("emails", "routes/admin/emails.tsx", "owner", "/admin/emails"),
  at("emails, nothing matches", "routes/admin/emails.tsx", "owner", "/admin/emails?q=zzzzzzz"),
  at("email, sent", "routes/admin/email.tsx", "owner", ({ emailId }) => paths.admin.email(emailId)),
  at(
    "email as text",
    "routes/admin/email.tsx",
    "owner",
    ({ emailId }) => `${paths.admin.email(emailId)}?view=text`,
  ),
  {
    name: "email, given up, its new address refused",
    route: "routes/admin/email.tsx",
    open: async ({ owner, sales }) => {
      await owner.goto(paths.admin.email((await sales()).failedEmailId));
      await owner.getByLabel("Another address").fill("nobody");
      await owner.getByLabel("Reason").fill("x");
      await owner.getByRole("button", { name: "Send to this address" }).click();
      await owner.getByRole("alert").waitFor();
      return owner;
    },
  },
  at("email preview", "routes/admin/email-preview.ts", "owner", ({ emailId }) =>
    paths.admin.emailPreview(emailId),
  ),
  at("audit log", "routes/admin/audit-log.tsx", "owner", "/admin/audit-log"),
  at("audit log, checked", "routes/admin/audit-log.tsx", "owner", "/admin/audit-log?verify=now"),
  at("audit log, nothing matches", "routes/admin/audit-log.tsx", "owner", "/admin/audit-log?target=zzz"),
  at("what a role may not see", "routes/admin/new-license.tsx", "viewer", "/admin/licenses/new"),
  {
    name: "something went wrong",
    route: "routes/admin/overview.tsx",
    open: async ({ owner, database }) => {
      await database.query("ALTER TABLE alert RENAME TO alert_elsewhere");
      await owner.goto("/admin");
      return owner;
    },
    after: async ({ database }) => void (await database.query("ALTER TABLE alert_elsewhere RENAME TO alert")),
  },
];

export const outsideScreens: Screen[] = [
  {
    name: "stand-in: checkout",
    route: null,
    open: async ({ stranger }) => {
      await leaveOpen(stranger);
      return stranger;
    },
  },
  {
    name: "stand-in: card declined",
    route: null,
    open: async ({ stranger }) => {
      await leaveOpen(stranger);
      await stranger.getByLabel("Email").fill("buyer@example.com");
      await stranger.getByRole("radio", { name: /declined/i }).check();
      await stranger.getByRole("button", { name: /^pay/i }).click();
      await stranger.getByRole("alert").waitFor();
      return stranger;
    },
  },
  {
    name: "stand-in: billing portal",
    route: null,
    open: async ({ buyer, sales }) => {
      await buyer.goto(paths.portal.license((await sales()).licenses.perpetual));
      await buyer.getByRole("button", { name: "Invoices and receipts" }).click();
      await buyer.waitForURL(/\/billing-portal\//);
      return buyer;
    },
  },
  outside("stand-in: control", ({ standIn }) => `${standIn.url}/control`),
  outside("mailbox", ({ mailbox }) => mailbox.url),
  outside("mailbox: a mail", ({ mailbox }) => `${mailbox.url}/mails/${mailbox.messages()[0]?.id}`),
  outside(
    "mailbox: a mail as text",
    ({ mailbox }) => `${mailbox.url}/mails/${mailbox.messages()[0]?.id}?view=text`,
  ),
];

function outside(name: string, address: (stack: Stack) => string): Screen {
  return {
    name,
    route: null,
    open: async ({ stranger, stack, sales }) => {
      await sales();
      await stranger.goto(address(stack));
      return stranger;
    },
  };
}

/** At the width where all menus are closed at first. One closes the other, so each is a screen of its own. */
async function openMenu(page: Page, name: RegExp): Promise<void> {
  await page.setViewportSize({ width: 320, height: 800 });
  await page.locator("header summary:visible").filter({ hasText: name }).click();
}

/** As if somebody had used up a limit. */
export async function useUp(database: pg.Client, key: string): Promise<void> {
  await database.query(
    "INSERT INTO rate_limit (key, points, expire) VALUES ($1, 1000, $2) ON CONFLICT (key) DO UPDATE SET points = 1000, expire = $2",
    [key, Date.now() + 600_000],
  );
}

export async function forgetLimits(database: pg.Client): Promise<void> {
  await database.query("DELETE FROM rate_limit");
}
