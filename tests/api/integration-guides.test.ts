// What a vendor's back end does with Stripe's events by the integration guides of three systems. Each program knows only a
// base address and a key, and sends what that system's documentation says; none of them knows Latchkey.
import { expect, test } from "vitest";
import { createApiKey } from "#app/domain/api-key/api-key.server.ts";
import { scopes } from "#app/domain/api-key/scopes.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { db } from "#app/infra/db.server.ts";
import { startApi } from "#tests/api/api-server.ts";
import { aPolicy, aProduct } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const { url } = await startApi();
const { key: apiKey } = await createApiKey({
  ...{ name: "Webhook receiver", scopes: [...scopes], expiresAt: null, createdBy: "test" },
  ...{ actor: systemActor("test"), now: new Date(), requestId: null },
});
const day = 86_400_000;

type Sent = { method?: string; body?: unknown; headers?: Record<string, string> };
type Received<Body> = { status: number; body: Body };

/** One JSON call with the key as a bearer, as all three systems take it. */
function client(base: string, key: string) {
  return async <Body>(
    path: string,
    { method = "GET", body, headers }: Sent = {},
  ): Promise<Received<Body>> => {
    const response = await fetch(base + path, {
      method,
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json", ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Body };
  };
}

// ---------------------------------------------------------------- Simple License Server

type Generated = { license_key: string; status: string; expires_at: string | null };

function simpleLicenseServerShop(base: string, key: string, slug: string) {
  const call = client(base, key);
  return {
    /** checkout.session.completed; the id of the event makes a delivery that comes twice harmless. */
    paid: (event: string, session: { id: string; email: string }) =>
      call<Generated>("/generate", {
        method: "POST",
        headers: { "Idempotency-Key": event },
        body: { slug, metadata: { session: session.id, email: session.email } },
      }),
    /** charge.refunded, customer.subscription.deleted */
    canceled: (license_key: string) =>
      call<{ status: string }>("/revoke", { method: "POST", body: { license_key } }),
  };
}

function simpleLicenseServerApp(base: string, license_key: string) {
  const post = async (path: string, body: object) =>
    (
      await fetch(base + path, {
        ...{ method: "POST", headers: { "Content-Type": "application/json" } },
        body: JSON.stringify({ license_key, ...body }),
      })
    ).json() as Promise<{ valid: boolean; reason?: string; token?: string }>;
  return {
    start: (fingerprint: string) => post("/activate", { fingerprint, metadata: { version: "2.1" } }),
    check: (fingerprint: string) => post("/validate", { fingerprint }),
    leave: (fingerprint: string) => post("/deactivate", { fingerprint }),
  };
}

test("Simple License Server: created on payment, once for each event, used by the app, revoked on cancel", async () => {
  // An operator sets up the slug and a server key with the management key.
  const manage = client(url, apiKey);
  await manage("/management/slugs", {
    method: "POST",
    body: { name: "pro", max_activations: 1, expiration_type: "forever", offline_enabled: true },
  });
  const { body: server } = await manage<{ api_key: string }>("/management/api-keys", {
    ...{ method: "POST", body: { name: "shop" } },
  });

  const shop = simpleLicenseServerShop(url, server.api_key, "pro");
  const session = { id: "cs_1", email: "ada@example.com" };
  const [first, second] = [await shop.paid("evt_1", session), await shop.paid("evt_1", session)];
  expect(first).toMatchObject({ status: 200, body: { status: "inactive", expires_at: null } });
  expect(second.body).toEqual(first.body);

  const app = simpleLicenseServerApp(url, first.body.license_key);
  expect(await app.start("mac")).toMatchObject({ valid: true, token: expect.any(String) });
  expect(await app.start("pc")).toMatchObject({ valid: false, reason: "activation_limit_reached" });
  await app.leave("mac");
  expect(await app.start("pc")).toMatchObject({ valid: true });

  expect(await shop.canceled(first.body.license_key)).toMatchObject({ body: { status: "revoked" } });
  expect(await app.check("pc")).toMatchObject({ valid: false, reason: "revoked" });
});

test("Simple License Server: many deliveries of one event at once make one license", async () => {
  const shop = simpleLicenseServerShop(url, apiKey, "pro");
  const before = await db().license.count();
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => shop.paid("evt_burst", { id: "cs_2", email: "b@example.com" })),
  );
  const keys = answers.filter(({ status }) => status === 200).map(({ body }) => body.license_key);
  expect(new Set(keys).size).toBe(1);
  // The others met the first one at work, which Stripe answers by trying again.
  expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
  expect(await db().license.count()).toBe(before + 1);
});

// ---------------------------------------------------------------- AuthForge

type ForgeLicense = { licenseKey: string; status: string; expiresAt: string | null; hwidList?: string[] };

function authForgeShop(base: string, key: string, appId: string) {
  const call = client(base, key);
  const put = (licenseKey: string, body: object) =>
    call<ForgeLicense>(`/v1/licenses/${licenseKey}`, { method: "PUT", body });
  return {
    /** customer.subscription.created: ends with the paid period and is labelled with the subscription. */
    subscribed: (subscription: string, periodEnd: Date) =>
      call<{ licenses: ForgeLicense[] }>("/v1/licenses", {
        ...{ method: "POST", headers: { "Idempotency-Key": subscription } },
        body: {
          appId,
          quantity: 1,
          expiresAt: periodEnd.toISOString(),
          maxHwidSlots: 1,
          label: subscription,
        },
      }),
    /** invoice.paid of the next period */
    renewed: (licenseKey: string, periodEnd: Date) =>
      put(licenseKey, { action: "extend", expiresAt: periodEnd.toISOString() }),
    /** customer.subscription.deleted */
    canceled: (licenseKey: string) => put(licenseKey, { action: "revoke" }),
    /** Support: the customer has a new machine. */
    newMachine: (licenseKey: string) => call(`/v1/licenses/${licenseKey}/hwid/reset`, { method: "POST" }),
    find: (licenseKey: string) => call<ForgeLicense>(`/v1/licenses/${licenseKey}`),
  };
}

async function authForgeLogin(base: string, appId: string, licenseKey: string, hwid: string) {
  const response = await fetch(`${base}/auth/validate`, {
    ...{ method: "POST", headers: { "Content-Type": "application/json" } },
    body: JSON.stringify({ appId, appSecret: "s", licenseKey, hwid, nonce: crypto.randomUUID() }),
  });
  const { status, error } = (await response.json()) as { status: string; error?: string };
  return error ?? status;
}

test("AuthForge: created on subscription, extended on invoice.paid, moved to a new machine, revoked on cancel", async () => {
  // The app id the vendor has in its settings and in its apps becomes the slug of the policy.
  const appId = "2f6c1a90-4f0c-4f6f-9f0e-2f1f6a1d7b10";
  await aPolicy({ slug: appId, deviceLimit: null });
  const shop = authForgeShop(url, apiKey, appId);
  const firstEnd = new Date(Date.now() + 30 * day);
  const made = await shop.subscribed("sub_af", firstEnd);
  expect(made.status).toBe(201);
  expect((await shop.subscribed("sub_af", firstEnd)).body).toEqual(made.body);
  const licenseKey = made.body.licenses[0]?.licenseKey ?? "";

  expect(await authForgeLogin(url, appId, licenseKey, "old machine")).toBe("success");
  expect(await authForgeLogin(url, appId, licenseKey, "new machine")).toBe("hwid_mismatch");
  await shop.newMachine(licenseKey);
  expect(await authForgeLogin(url, appId, licenseKey, "new machine")).toBe("success");

  const nextEnd = new Date(Date.now() + 60 * day);
  for (const delivery of [1, 2])
    expect((await shop.renewed(licenseKey, nextEnd)).body, `delivery ${delivery}`).toMatchObject({
      ...{ expiresAt: nextEnd.toISOString(), status: "active", hwidList: ["new machine"] },
    });
  await shop.canceled(licenseKey);
  expect((await shop.find(licenseKey)).body).toMatchObject({ status: "revoked", label: "sub_af" });
  expect(await authForgeLogin(url, appId, licenseKey, "new machine")).toBe("revoked");
});

// ---------------------------------------------------------------- Cryptlex

type LexLicense = {
  id: string;
  key: string;
  expiresAt: string;
  revoked: boolean;
  suspended: boolean;
  user: { email: string; firstName: string } | null;
};
type LexUser = { id: string };

/** Where the subscription id stands in the metadata of a license. */
const subscriptionKey = "stripe_subscription_id";

function cryptlexShop(base: string, key: string, productId: string) {
  const call = client(base, `${key}`);
  const query = (filters: Record<string, string>) =>
    Object.entries(filters)
      .map(([name, value]) => `${name}[eq]=${encodeURIComponent(value)}`)
      .join("&");

  async function userId(email: string, firstName: string): Promise<string> {
    const find = async () => (await call<LexUser[]>(`/v3/users?${query({ email })}`)).body[0]?.id;
    const known = await find();
    if (known) return known;
    const body = { email, firstName, password: "generated", role: "user" };
    const made = await call<LexUser>("/v3/users", { method: "POST", body });
    // Two events of one purchase may both try.
    const id = made.status === 201 ? made.body.id : await find();
    if (!id) throw new Error("The user could not be made.");
    return id;
  }

  async function licenseId(subscription: string): Promise<string> {
    const filters = { productId, "metadata.key": subscriptionKey, "metadata.value": subscription };
    const { body } = await call<LexLicense[]>(`/v3/licenses?${query(filters)}`);
    const [license] = body;
    if (!license || body.length > 1) throw new Error(`${body.length} licenses for ${subscription}.`);
    return license.id;
  }
  const patch = async (subscription: string, body: object) =>
    call<LexLicense>(`/v3/licenses/${await licenseId(subscription)}`, { method: "PATCH", body });

  return {
    /** invoice.paid with billing_reason subscription_create */
    async subscribed(subscription: string, customer: { email: string; name: string }, quantity = 1) {
      const metadata = [{ key: subscriptionKey, value: subscription, viewPermissions: [] }];
      const body = { productId, userId: await userId(customer.email, customer.name), metadata };
      return call<LexLicense>("/v3/licenses", {
        method: "POST",
        body: { ...body, ...(quantity > 1 && { allowedActivations: quantity }) },
      });
    },
    /** invoice.paid with billing_reason subscription_cycle */
    renewed: async (subscription: string) =>
      call<LexLicense>(`/v3/licenses/${await licenseId(subscription)}/renew`, { method: "POST" }),
    /** The period Stripe says, instead of an interval */
    paidUntil: async (subscription: string, end: Date) =>
      call<LexLicense>(`/v3/licenses/${await licenseId(subscription)}/expires-at`, {
        ...{ method: "PATCH", body: { expiresAt: end.toISOString() } },
      }),
    overdue: (subscription: string) => patch(subscription, { suspended: true }),
    settled: (subscription: string) => patch(subscription, { suspended: false }),
    canceled: (subscription: string) => patch(subscription, { revoked: true }),
  };
}

test("Cryptlex: user and license on the first invoice, found by subscription id, renewed, suspended, revoked", async () => {
  // The product id the bridge has in its settings becomes the slug of a policy with the length of one period.
  const productId = "63dfd63e-ed71-4f84-9236-02ee0ddb062c";
  const product = await aProduct({ slug: "lens" });
  await aPolicy({ productId: product.id, slug: productId, term: "days", termDays: 365, deviceLimit: 1 });
  const shop = cryptlexShop(url, apiKey, productId);

  const made = await shop.subscribed("sub_lex", { email: "ada@example.com", name: "Ada Lovelace" });
  expect(made).toMatchObject({
    status: 201,
    body: { user: { email: "ada@example.com", firstName: "Ada Lovelace" } },
  });
  const team = await shop.subscribed("sub_team", { email: "ada@example.com", name: "Ada" }, 5);
  expect(team.body).toMatchObject({ allowedActivations: 5, user: { firstName: "Ada Lovelace" } });

  const renewed = await shop.renewed("sub_lex");
  expect(renewed).toMatchObject({ status: 200, body: { id: made.body.id } });
  expect(Date.parse(renewed.body.expiresAt)).toBe(Date.parse(made.body.expiresAt) + 365 * day);

  const end = new Date(Date.now() + 900 * day);
  expect((await shop.paidUntil("sub_lex", end)).body).toMatchObject({ expiresAt: end.toISOString() });
  expect((await shop.overdue("sub_lex")).body).toMatchObject({ suspended: true });
  expect((await shop.settled("sub_lex")).body).toMatchObject({ suspended: false });
  expect((await shop.canceled("sub_lex")).body).toMatchObject({ revoked: true });
  expect((await shop.subscribed("sub_new", { email: "eve@example.com", name: "Eve" })).status).toBe(201);
  await expect(shop.renewed("sub_unknown")).rejects.toThrow("0 licenses");
});

test("Cryptlex: two events of one purchase at once make one user", async () => {
  const shop = cryptlexShop(url, apiKey, "lens");
  const person = { email: "twice@example.com", name: "Twice" };
  const made = await Promise.all([shop.subscribed("sub_a", person), shop.subscribed("sub_b", person)]);
  expect(made.map(({ status }) => status)).toEqual([201, 201]);
  expect(await db().customer.count({ where: { email: person.email } })).toBe(1);
});
