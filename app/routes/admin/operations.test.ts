import type { ActionFunctionArgs, LoaderFunctionArgs } from "@remix-run/node";
import { expect, test } from "vitest";
import type { Role } from "#app/domain/account/roles.ts";
import { raiseAlert } from "#app/domain/alert/alert.server.ts";
import { sealAuditLog } from "#app/domain/audit-log/seal-audit-log.server.ts";
import { signInCookie } from "#app/http/sign-in-cookies.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { createStaffSession } from "#app/infra/session-store.server.ts";
import { paths } from "#app/paths.ts";
import * as alerts from "#app/routes/admin/alerts.tsx";
import * as auditLog from "#app/routes/admin/audit-log.tsx";
import * as customerPage from "#app/routes/admin/customer.tsx";
import * as customers from "#app/routes/admin/customers.tsx";
import * as licensePage from "#app/routes/admin/license.tsx";
import * as orderPage from "#app/routes/admin/order.tsx";
import * as orders from "#app/routes/admin/orders.tsx";
import * as overview from "#app/routes/admin/overview.tsx";
import * as settings from "#app/routes/admin/settings.tsx";
import * as subscriptions from "#app/routes/admin/subscriptions.tsx";
import * as eventPage from "#app/routes/admin/webhook-event.tsx";
import * as inbox from "#app/routes/admin/webhook-inbox.tsx";
import { aCustomer, aLicense, anOrder, aStaffMember, aSubscription } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

// Nothing answers on this port, as when Stripe is down.
await useTestRuntime({ stripeApiBase: "http://127.0.0.1:9" });

type Handler<Args> = (args: Args) => Promise<unknown>;
type Params = Record<string, string>;
const context = { requestId: "request-1", nonce: "nonce", clientAddress: "127.0.0.1" };

/** A browser with a member of staff signed in; what a page throws counts as its answer. */
async function aStaffBrowser(role: Role | null) {
  const staff = role && (await aStaffMember({ role }));
  const session = staff
    ? await inTransaction((tx) =>
        createStaffSession(tx, {
          staffMemberId: staff.id,
          previousToken: null,
          userAgent: null,
          now: new Date(),
        }),
      )
    : null;
  const cookie = session ? (signInCookie("staff", session.token, 60).split(";")[0] ?? "") : "";
  const request = (path: string, init: RequestInit = {}) =>
    new Request(`http://localhost:3000${path}`, { ...init, headers: { Cookie: cookie } });
  const caught = (work: Promise<unknown>): Promise<unknown> =>
    work.catch((thrown: unknown) => {
      if (thrown instanceof Response) return thrown;
      throw thrown;
    });
  return {
    staff,
    open: (loader: Handler<LoaderFunctionArgs>, path: string, params: Params = {}) =>
      caught(loader({ request: request(path), params, context })),
    post: (
      action: Handler<ActionFunctionArgs>,
      path: string,
      params: Params,
      fields: Record<string, string>,
    ) =>
      caught(
        action({
          request: request(path, { method: "POST", body: new URLSearchParams(fields) }),
          params,
          context,
        }),
      ),
  };
}

const statusOf = (answer: unknown) => (answer instanceof Response ? answer.status : 200);

async function aSale() {
  const customer = await aCustomer();
  const order = await anOrder({ customerId: customer.id, email: customer.email });
  const sourceId = order.stripeSessionId ?? "";
  await aLicense({ customerId: customer.id, orderId: order.id });
  await db().stripeSource.create({
    data: {
      id: sourceId,
      kind: "checkout_session",
      livemode: false,
      orderId: order.id,
      dirtySeq: 1,
      syncedSeq: 1,
    },
  });
  const event = await db().stripeEvent.create({
    data: {
      dedupeKey: `evt_${order.number}`,
      eventId: `evt_${order.number}`,
      type: "checkout.session.completed",
      sourceId,
      livemode: false,
      created: new Date(),
      processedAt: new Date(),
      payload: "{}",
    },
  });
  return { customer, order, sourceId, event };
}

const { customer, order, sourceId, event } = await aSale();
const renewing = await aSubscription();

const pages = [
  { name: "overview", page: overview, path: paths.admin.overview(), params: {} },
  { name: "customers", page: customers, path: paths.admin.customers(), params: {} },
  {
    name: "customer",
    page: customerPage,
    path: paths.admin.customer(customer.id),
    params: { customerId: customer.id },
  },
  { name: "orders", page: orders, path: paths.admin.orders(), params: {} },
  { name: "order", page: orderPage, path: paths.admin.order(order.id), params: { orderId: order.id } },
  {
    name: "order of a subscription",
    page: orderPage,
    path: paths.admin.order(renewing.order.id),
    params: { orderId: renewing.order.id },
  },
  { name: "subscriptions", page: subscriptions, path: paths.admin.subscriptions(), params: {} },
  { name: "alerts", page: alerts, path: paths.admin.alerts(), params: {} },
  { name: "settings", page: settings, path: paths.admin.settings(), params: {} },
  { name: "inbox", page: inbox, path: paths.admin.webhookInbox(), params: {} },
  {
    name: "event",
    page: eventPage,
    path: paths.admin.webhookEvent(event.dedupeKey),
    params: { dedupeKey: event.dedupeKey },
  },
  { name: "audit log", page: auditLog, path: paths.admin.auditLog(), params: {} },
];

test("every page opens for every role and for nobody without one", async () => {
  for (const role of ["owner", "admin", "support", "viewer"] as const) {
    const browser = await aStaffBrowser(role);
    for (const { name, page, path, params } of pages)
      expect(statusOf(await browser.open(page.loader, path, params)), `${name} as ${role}`).toBe(200);
  }
  const stranger = await aStaffBrowser(null);
  for (const { name, page, path, params } of pages) {
    const answer = await stranger.open(page.loader, path, params);
    expect(statusOf(answer), name).toBe(303);
    expect(answer instanceof Response && answer.headers.get("Location"), name).toContain("/sign-in?as=staff");
  }
});

test("no page sends a whole key, a key's hash or ciphertext", async () => {
  const browser = await aStaffBrowser("viewer");
  const license = await db().license.findFirstOrThrow({ where: { orderId: order.id } });
  for (const { name, page, path, params } of pages) {
    const text = JSON.stringify(await browser.open(page.loader, path, params));
    expect(text, name).not.toContain(license.keyHmac);
    expect(text, name).not.toMatch(/TEST(-[0-9A-Z]{4}){7}/);
    expect(text, name).not.toContain("keyCiphertext");
  }
});

test("unknown ids are 404, for reading and for acting", async () => {
  const browser = await aStaffBrowser("owner");
  const form = { intent: "replay", submission: crypto.randomUUID() };
  for (const id of ["nothing", "%00", "\u0000", "../x"]) {
    expect(statusOf(await browser.open(customerPage.loader, "/x", { customerId: id }))).toBe(404);
    expect(statusOf(await browser.open(orderPage.loader, "/x", { orderId: id }))).toBe(404);
    expect(statusOf(await browser.open(eventPage.loader, "/x", { dedupeKey: id }))).toBe(404);
    expect(statusOf(await browser.post(orderPage.action, "/x", { orderId: id }, form))).toBe(404);
    expect(statusOf(await browser.post(eventPage.action, "/x", { dedupeKey: id }, form))).toBe(404);
  }
});

test("nonsense in an address shows the list with its defaults", async () => {
  const browser = await aStaffBrowser("viewer");
  const nonsense =
    "?q=%00%25_'%22&status=eaten&state=x&event=y&after=zzz&before=%FF&seq=-1&limit=9&type=%00&q=2&a[]=1";
  for (const { name, page, path, params } of pages)
    expect(statusOf(await browser.open(page.loader, path + nonsense, params)), name).toBe(200);
});

test("an event is replayed once however often its form is sent, and the act is recorded", async () => {
  const browser = await aStaffBrowser("admin");
  const path = paths.admin.webhookEvent(event.dedupeKey);
  const form = { intent: "replay", submission: crypto.randomUUID() };
  const replay = () => browser.post(eventPage.action, path, { dedupeKey: event.dedupeKey }, form);
  for (const answer of [await replay(), await replay()]) {
    expect(statusOf(answer)).toBe(303);
    expect(answer instanceof Response && answer.headers.get("Location")).toBe(path);
  }
  const acts = await db().auditLog.findMany({
    where: { event: "webhook.replayed", actorId: browser.staff?.id ?? "" },
  });
  expect(acts).toHaveLength(1);
  expect(acts[0]).toMatchObject({ cause: event.dedupeKey, requestId: "request-1" });
  const source = await db().stripeSource.findUniqueOrThrow({ where: { id: sourceId } });
  expect(source.dirtySeq).toBeGreaterThan(source.syncedSeq);
});

test("an order is compared with Stripe again, but only by its own purchase", async () => {
  const browser = await aStaffBrowser("owner");
  const other = await aSale();
  const sync = (source: string) =>
    browser.post(
      orderPage.action,
      paths.admin.order(order.id),
      { orderId: order.id },
      {
        intent: "resync",
        sourceId: source,
        submission: crypto.randomUUID(),
      },
    );
  expect(statusOf(await sync(other.sourceId))).toBe(404);
  expect(statusOf(await sync("cs_somewhere"))).toBe(404);
  expect(statusOf(await sync(sourceId))).toBe(303);
  expect(await db().stripeSource.findUnique({ where: { id: other.sourceId } })).toMatchObject({
    dirtySeq: 1,
  });
});

test("roles that may not replay, sync or resolve are refused and change nothing", async () => {
  await inTransaction((tx) =>
    raiseAlert(tx, { now: new Date(), kind: "no-email", causeKey: "cs_refused", message: "No address." }),
  );
  const alert = await db().alert.findFirstOrThrow({ where: { causeKey: "cs_refused" } });
  const submission = crypto.randomUUID();
  for (const role of ["support", "viewer"] as const) {
    const browser = await aStaffBrowser(role);
    const before = await db().auditLog.count();
    const answers = [
      await browser.post(
        eventPage.action,
        "/x",
        { dedupeKey: event.dedupeKey },
        { intent: "replay", submission },
      ),
      await browser.post(
        orderPage.action,
        "/x",
        { orderId: order.id },
        { intent: "resync", sourceId, submission },
      ),
      await browser.post(overview.action, "/x", {}, { intent: "resolve", alertId: alert.id, submission }),
      await browser.post(alerts.action, "/x", {}, { intent: "resolve", alertId: alert.id, submission }),
      await browser.post(inbox.action, "/x", {}, { intent: "fetch-missed", submission }),
    ];
    expect(answers.map(statusOf), role).toEqual([403, 403, 403, 403, 403]);
    expect(await db().auditLog.count()).toBe(before);
  }
  expect(await db().alert.findUnique({ where: { id: alert.id } })).toMatchObject({ resolvedAt: null });
});

test("an alert is resolved from the overview and leaves it; a broken form says what is wrong", async () => {
  const browser = await aStaffBrowser("owner");
  await inTransaction((tx) =>
    raiseAlert(tx, {
      now: new Date(),
      kind: "unmapped-price",
      causeKey: "cs_open",
      message: "Map the price.",
    }),
  );
  const alert = await db().alert.findFirstOrThrow({ where: { causeKey: "cs_open" } });
  const path = paths.admin.overview();
  expect(JSON.stringify(await browser.open(overview.loader, path))).toContain("Map the price.");
  const post = (fields: Record<string, string>) => browser.post(overview.action, path, {}, fields);
  const submission = crypto.randomUUID();
  expect(statusOf(await post({ intent: "resolve", alertId: alert.id, submission: "mine" }))).toBe(422);
  expect(statusOf(await post({ intent: "resolve", alertId: "alert_nothing", submission }))).toBe(404);
  expect(
    statusOf(await post({ intent: "resolve", alertId: alert.id, submission: crypto.randomUUID() })),
  ).toBe(303);
  expect(JSON.stringify(await browser.open(overview.loader, path))).not.toContain("Map the price.");
});

test("all alerts are on their page; resolving one there leads back to the same filter", async () => {
  const browser = await aStaffBrowser("admin");
  for (let n = 1; n <= 12; n++)
    await inTransaction((tx) =>
      raiseAlert(tx, {
        now: new Date(),
        kind: "dispute-opened",
        causeKey: `dp_${n}`,
        message: `Dispute ${n}.`,
      }),
    );
  const path = paths.admin.alerts({ kind: "dispute-opened" });
  const shown = (await browser.open(alerts.loader, path)) as Awaited<ReturnType<typeof alerts.loader>>;
  expect(shown.alerts).toHaveLength(12);
  const start = (await browser.open(overview.loader, "/admin")) as Awaited<
    ReturnType<typeof overview.loader>
  >;
  expect(start.attention.open.alerts).toHaveLength(5);
  expect(start.attention.openCount).toBe(await db().alert.count({ where: { resolvedAt: null } }));
  const [first] = shown.alerts;
  const form = { intent: "resolve", alertId: first?.id ?? "", submission: first?.submission ?? "" };
  const answer = await browser.post(alerts.action, path, {}, form);
  expect(answer instanceof Response && answer.headers.get("Location")).toBe(path);
  const resolved = JSON.stringify(await browser.open(alerts.loader, `${path}&state=resolved`));
  expect(resolved).toContain("Dispute 12.");
  expect(resolved).not.toContain("Dispute 11.");
});

test("the page of an order shows its subscription, invoices and payments as Stripe held them, and syncs it", async () => {
  const browser = await aStaffBrowser("owner");
  const path = paths.admin.order(renewing.order.id);
  const params = { orderId: renewing.order.id };
  const page = await browser.open(orderPage.loader, path, params);
  expect(page).toMatchObject({
    subscription: { id: renewing.id, status: "active", invoices: [{ number: "LK-0001", status: "paid" }] },
    nextStep: "Renews 3 Dec 2026",
    payments: [{ amount: 4500, invoice: "LK-0001" }],
  });
  const form = { intent: "resync", sourceId: renewing.id, submission: crypto.randomUUID() };
  expect(statusOf(await browser.post(orderPage.action, path, params, form))).toBe(303);
  expect(await db().stripeSource.findUnique({ where: { id: renewing.id } })).toMatchObject({
    dirtySeq: renewing.source.dirtySeq + 1,
  });
});

test("an order that renewed a license leads to it, and the license back to the order", async () => {
  const browser = await aStaffBrowser("viewer");
  const license = await aLicense({ term: "days", paidUntil: new Date(Date.UTC(2027, 11, 3)) });
  const bought = await anOrder({ renewsLicenseId: license.id, stripeSessionId: "cs_test_renewal" });
  const paidAt = new Date(Date.UTC(2026, 11, 3));
  await db().licenseRenewal.create({
    data: { id: "renewal_1", licenseId: license.id, sourceId: "cs_test_renewal", days: 365, paidAt },
  });
  expect(
    await browser.open(orderPage.loader, paths.admin.order(bought.id), { orderId: bought.id }),
  ).toMatchObject({ order: { renewsLicense: { id: license.id } } });
  expect(
    await browser.open(licensePage.loader, paths.admin.license(license.id), { licenseId: license.id }),
  ).toMatchObject({
    license: {
      worksUntilWords: "Works until 3 Dec 2027, the end of what is paid.",
      renewals: [{ days: 365, reversedAt: null, order: { id: bought.id, number: bought.number } }],
    },
  });
});

test("missed events are not fetched where Stripe does not answer, and the page says so", async () => {
  const browser = await aStaffBrowser("owner");
  const fetchMissed = (submission: string) =>
    browser.post(inbox.action, paths.admin.webhookInbox(), {}, { intent: "fetch-missed", submission });
  expect(statusOf(await fetchMissed("mine"))).toBe(422);
  const answer = await fetchMissed(crypto.randomUUID());
  expect(statusOf(answer)).toBe(503);
  expect(await db().auditLog.count({ where: { event: "webhook.fetched" } })).toBe(0);
});

test("the audit log tells on request whether its chain is whole", async () => {
  const browser = await aStaffBrowser("viewer");
  await sealAuditLog({ now: new Date() });
  const checked = await db().auditLog.count();
  const plain = JSON.stringify(await browser.open(auditLog.loader, paths.admin.auditLog()));
  expect(plain).toContain('"verdict":null');
  expect(await browser.open(auditLog.loader, paths.admin.auditLog({ verify: "now" }))).toMatchObject({
    verdict: { checked, firstBadSeq: null, unsealed: 0 },
  });
});
