import { afterAll, expect, test } from "vitest";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { applyCatalog, planCatalog } from "#app/domain/product/apply-catalog.server.ts";
import { getPriceForSale, listCatalogForShop } from "#app/domain/product/catalog.queries.server.ts";
import type { Catalog } from "#app/domain/product/catalog.ts";
import { parseCatalogFile } from "#app/domain/product/catalog-file.server.ts";
import { db } from "#app/infra/db.server.ts";
import { getEnv, setRuntimeEnv } from "#app/infra/env.server.ts";
import { stripe } from "#app/infra/stripe.server.ts";
import { aLicense, aPolicy } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";
import { startStripeStandIn } from "#tests/stripe-stand-in/server.ts";

const standIn = await startStripeStandIn({ deliver: "manual" });
afterAll(() => standIn.stop());
await useTestRuntime({ stripeApiBase: standIn.apiBase });

const now = new Date("2026-11-21T12:00:00Z");
const apply = (file: Catalog) => applyCatalog({ file, actor: systemActor("test"), now });
const textsOf = (changes: { text: string }[]) => changes.map((change) => change.text);

type FileOptions = {
  amount?: number;
  lookupKey?: string;
  stripePriceId?: string;
  name?: string;
  plans?: boolean;
};

/** One product with a perpetual plan and, unless told otherwise, a monthly one; `slug` keeps tests apart. */
function aFile(slug: string, options: FileOptions = {}): Catalog {
  const { amount = 7900, lookupKey, stripePriceId, name = "Lumen", plans = true } = options;
  const monthly = { slug: `${slug}-seat`, term: "subscription", deviceLimit: 2, seats: "keys" };
  const monthlyPrice = {
    policy: monthly.slug,
    amount: 900,
    currency: "eur",
    interval: "month",
    maxQuantity: 50,
  };
  const pro = {
    slug: `${slug}-pro`,
    name: "Pro",
    term: "perpetual",
    deviceLimit: 3,
    seats: "keys",
    entitlements: { raw: true, b: { d: 1, c: 2 } },
  };
  const price = { policy: pro.slug, amount, currency: "usd", lookupKey, stripePriceId };
  return parseCatalogFile(
    JSON.stringify({
      products: [
        {
          slug,
          name,
          keyPrefix: "LUMEN",
          policies: plans ? [pro, monthly] : [pro],
          prices: plans ? [price, monthlyPrice] : [price],
        },
      ],
    }),
  );
}

function rowsOf(slug: string) {
  return db().price.findMany({ where: { policy: { slug } }, orderBy: { createdAt: "asc" } });
}

async function refusal(work: Promise<unknown>): Promise<DomainError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof DomainError) return error;
  throw new Error(`Expected a refusal, got ${String(error)}`);
}

test("applying a file puts it on sale in Stripe and in the shop; again changes nothing and asks Stripe nothing", async () => {
  const file = aFile("first", { lookupKey: "first-pro" });
  expect(await planCatalog(file)).toHaveLength(5);
  expect(await rowsOf("first-pro")).toEqual([]);
  expect(await apply(file)).toHaveLength(5);

  const [row] = await rowsOf("first-pro");
  const made = await stripe().prices.retrieve(row?.stripePriceId ?? "", { expand: ["product"] });
  expect(made).toMatchObject({
    active: true,
    unit_amount: 7900,
    currency: "usd",
    recurring: null,
    lookup_key: "first-pro",
    metadata: { license_policy: "first-pro" },
    product: { id: "latchkey_first-pro", name: "Lumen: Pro" },
  });
  const [seat] = await rowsOf("first-seat");
  expect(await stripe().prices.retrieve(seat?.stripePriceId ?? "")).toMatchObject({
    unit_amount: 900,
    recurring: { interval: "month", interval_count: 1 },
  });

  const requests = standIn.requests().length;
  expect(await planCatalog(file)).toEqual([]);
  expect(await apply(file)).toEqual([]);
  expect(standIn.requests()).toHaveLength(requests);
  const audit = await db().auditLog.findMany({ where: { event: "catalog.applied" } });
  expect(audit).toHaveLength(1);
  expect(JSON.stringify(audit[0]?.after)).toContain("price of first-pro: 79.00 USD");
});

test("a changed amount makes a new price in Stripe, archives the old one and takes over its lookup key", async () => {
  await apply(aFile("amount", { lookupKey: "amount-pro" }));
  expect(textsOf(await apply(aFile("amount", { lookupKey: "amount-pro", amount: 8900 })))).toContain(
    "price of amount-pro: 79.00 USD → 89.00 USD (a new price in Stripe; the old one is archived)",
  );
  const [old, fresh] = await rowsOf("amount-pro");
  expect(old).toMatchObject({ amount: 7900, archivedAt: now, lookupKey: null });
  expect(fresh).toMatchObject({ amount: 8900, archivedAt: null, lookupKey: "amount-pro" });
  expect(await stripe().prices.retrieve(old?.stripePriceId ?? "")).toMatchObject({
    active: false,
    lookup_key: null,
  });
  expect(await stripe().prices.retrieve(fresh?.stripePriceId ?? "")).toMatchObject({
    active: true,
    lookup_key: "amount-pro",
  });
  expect(await getPriceForSale(old?.id ?? "")).toBeNull();
  expect(await getPriceForSale(fresh?.id ?? "")).toMatchObject({
    amount: 8900,
    policy: { slug: "amount-pro" },
  });

  await apply(aFile("amount", { lookupKey: "amount-pro" }));
  const rows = await rowsOf("amount-pro");
  expect(rows.map((row) => row.archivedAt === null)).toEqual([true, false]);
  expect(await stripe().prices.retrieve(old?.stripePriceId ?? "")).toMatchObject({
    active: true,
    lookup_key: "amount-pro",
  });
});

test("what leaves the file is archived and keeps its sold licenses; what comes back is sold again", async () => {
  await apply(aFile("leaving"));
  const policy = await db().policy.findUniqueOrThrow({ where: { slug: "leaving-pro" } });
  const license = await aLicense({ policyId: policy.id });
  const shorter = aFile("leaving", { plans: false });
  const changes = await apply(shorter);
  expect(textsOf(changes)).toEqual([
    "price of leaving-seat: 9.00 EUR per month is no longer sold; what was sold stays",
    "policy leaving-seat: “Leaving seat” is no longer sold; what was sold stays",
  ]);
  const slugs = async () =>
    (await listCatalogForShop()).flatMap((product) => product.plans.map((plan) => plan.slug));
  expect(await slugs()).toEqual(["leaving-pro"]);
  await apply({ products: [] });
  expect(await slugs()).toEqual([]);
  expect(await db().license.findUnique({ where: { id: license.id } })).not.toBeNull();
  const [row] = await rowsOf("leaving-pro");
  await apply(shorter);
  expect(await slugs()).toEqual(["leaving-pro"]);
  expect(await rowsOf("leaving-pro")).toEqual([expect.objectContaining({ id: row?.id, archivedAt: null })]);
});

test("an interrupted run is finished by the next one without a second price in Stripe", async () => {
  const file = aFile("broken", { lookupKey: "broken-pro" });
  standIn.faults.next(10, { status: 500, match: /POST \/v1\/prices/ });
  const error = await refusal(apply(file));
  expect(error).toMatchObject({ code: "UNAVAILABLE" });
  expect(error.publicMessage).toContain("Stripe refused or did not answer");
  expect(await rowsOf("broken-pro")).toEqual([]);
  standIn.faults.clear();

  // As a run that ended between Stripe and the database leaves it.
  const left = await stripe().prices.create({
    product: "latchkey_broken-pro",
    currency: "usd",
    unit_amount: 7900,
    lookup_key: "broken-pro",
  });
  await apply(file);
  expect(await rowsOf("broken-pro")).toEqual([expect.objectContaining({ stripePriceId: left.id })]);
});

test("without Stripe a catalog that has to be brought there is refused with what to do, and nothing changes", async () => {
  const env = getEnv();
  setRuntimeEnv({ ...env, stripeSecretKey: undefined });
  try {
    const error = await refusal(apply(aFile("keyless")));
    expect(error).toMatchObject({ code: "UNAVAILABLE" });
    expect(error.publicMessage).toContain("Set STRIPE_SECRET_KEY");
    expect(await rowsOf("keyless-pro")).toEqual([]);
  } finally {
    setRuntimeEnv(env);
  }
});

test("two people applying the same file at once put each price on sale once", async () => {
  const file = aFile("twice");
  await Promise.all([apply(file), apply(file)]);
  expect(await rowsOf("twice-pro")).toHaveLength(1);
  const inStripe = await stripe().prices.list({ product: "latchkey_twice-pro" });
  expect(inStripe.data).toHaveLength(1);
});

test("a price the file names is used as it is, and archived in the shop only", async () => {
  const product = await stripe().products.create({ name: "Made in the Dashboard" });
  const own = await stripe().prices.create({ product: product.id, currency: "usd", unit_amount: 7900 });
  await apply(aFile("named", { stripePriceId: own.id, plans: false }));
  expect(await rowsOf("named-pro")).toEqual([expect.objectContaining({ stripePriceId: own.id })]);
  await apply({ products: [] });
  expect(await stripe().prices.retrieve(own.id)).toMatchObject({ active: true });
});

test("a price that Stripe describes otherwise is refused with both descriptions", async () => {
  const product = await stripe().products.create({ name: "Made in the Dashboard" });
  const own = await stripe().prices.create({ product: product.id, currency: "eur", unit_amount: 7900 });
  const mismatch = await refusal(apply(aFile("mismatch", { stripePriceId: own.id })));
  expect(mismatch.publicMessage).toBe(
    `products[0].prices[0].stripePriceId: Stripe says 79.00 EUR for ${own.id}, the file says 79.00 USD. Change the file`,
  );
  const unknown = await refusal(apply(aFile("mismatch", { stripePriceId: "price_none" })));
  expect(unknown.publicMessage).toContain("your Stripe account has no price price_none in this mode");
  await stripe().prices.update(own.id, { active: false });
  const inactive = await refusal(apply(aFile("mismatch", { stripePriceId: own.id })));
  expect(inactive.publicMessage).toContain("is archived in Stripe");
  expect(await rowsOf("mismatch-pro")).toEqual([]);
});

test("a new name reaches the product buyers see in Stripe", async () => {
  await apply(aFile("renamed"));
  await apply(aFile("renamed", { name: "Lumen 2" }));
  expect(await stripe().products.retrieve("latchkey_renamed-pro")).toMatchObject({ name: "Lumen 2: Pro" });
});

test("a policy cannot move to another product", async () => {
  await aPolicy({ slug: "stay-pro" });
  const error = await refusal(planCatalog(aFile("stay")));
  expect(error.publicMessage).toContain("Policy stay-pro belongs to product");
});

test("the shop lists what is on sale in the order of the file and nothing that cannot be bought", async () => {
  const file = aFile("order", { lookupKey: "order-pro" });
  const [product] = file.products;
  if (!product) throw new Error("The file has a product.");
  const second = {
    ...product,
    slug: "another",
    policies: product.policies.map((policy) => ({ ...policy, slug: `another-${policy.slug}` })),
    prices: [],
  };
  await apply({ products: [second, { ...product, policies: [...product.policies].reverse() }] });
  const shop = await listCatalogForShop();
  expect(shop.map((each) => each.slug)).toEqual(["order"]);
  expect(shop[0]?.plans.map((plan) => plan.slug)).toEqual(["order-seat", "order-pro"]);
  expect(shop[0]?.plans[1]).toMatchObject({
    term: "perpetual",
    entitlements: { raw: true },
    prices: [{ amount: 7900 }],
  });
});

test("a price that is not in Stripe yet is not for sale, and applying the catalog makes it", async () => {
  const file = aFile("pending", { plans: false });
  await apply(file);
  const [row] = await rowsOf("pending-pro");
  await db().price.update({ where: { id: row?.id ?? "" }, data: { stripePriceId: null } });
  expect(await getPriceForSale(row?.id ?? "")).toBeNull();
  expect(textsOf(await apply(file))).toEqual(["price of pending-pro, 79.00 USD: is made in Stripe"]);
  expect(await getPriceForSale(row?.id ?? "")).toMatchObject({ amount: 7900 });
  expect(await getPriceForSale("price_unknown")).toBeNull();
});

test("a price of the other mode is made again in this one, and then nothing is left to do", async () => {
  const file = aFile("modes", { lookupKey: "modes-pro" });
  await apply(file);
  const [before] = await rowsOf("modes-pro");
  expect(before).toMatchObject({ livemode: false });
  await db().price.updateMany({
    where: { policy: { slug: "modes-pro" } },
    data: { livemode: true, stripePriceId: "price_live1" },
  });
  expect(textsOf(await planCatalog(file))).toEqual([
    "price of modes-pro, 79.00 USD: is made again in this mode of Stripe",
  ]);
  await apply(file);
  const rows = await rowsOf("modes-pro");
  expect(rows).toHaveLength(1);
  // The one that was there before the shop changed its key, found by its lookup key.
  expect(rows[0]).toMatchObject({ livemode: false, stripePriceId: before?.stripePriceId });
  expect(await apply(file)).toEqual([]);
});

test("a price the file names is refused when it exists in the other mode only", async () => {
  await apply(aFile("named-mode", { plans: false }));
  await db().price.updateMany({
    where: { policy: { slug: "named-mode-pro" } },
    data: { livemode: true, stripePriceId: "price_live2" },
  });
  const named = aFile("named-mode", { plans: false, stripePriceId: "price_live2" });
  const { code, publicMessage } = await refusal(apply(named));
  expect(code).toBe("INVALID");
  expect(publicMessage).toContain("no price price_live2 in this mode");
});

test("a price whose mode was never noted is looked up before it goes on being sold", async () => {
  await apply(aFile("unknown-mode", { plans: false }));
  const unknown = { policy: { slug: "unknown-mode-pro" } };
  await db().price.updateMany({ where: unknown, data: { livemode: null, stripePriceId: "price_gone" } });
  await apply(aFile("unknown-mode", { plans: false, name: "Lumen 2" }));
  const [row] = (await rowsOf("unknown-mode-pro")).filter(({ archivedAt }) => archivedAt === null);
  expect(row?.livemode).toBe(false);
  expect(row?.stripePriceId).not.toBe("price_gone");
  expect((await stripe().prices.retrieve(row?.stripePriceId ?? "")).active).toBe(true);
});

test("what the license server may do is kept as the file says, and the same file again changes nothing", async () => {
  const file = aFile("server-terms");
  for (const policy of file.products.flatMap(({ policies }) => policies))
    Object.assign(policy, {
      leaseSeconds: 600,
      offlineHours: null,
      deviceReleases: { count: null, days: 90, cooldownHours: 12 },
    });
  await apply(file);
  const row = await db().policy.findUniqueOrThrow({ where: { slug: "server-terms-pro" } });
  expect(row).toMatchObject({
    ...{ leaseSeconds: 600, offlineHours: null },
    ...{ releaseLimit: null, releaseWindowDays: 90, releaseCooldownHours: 12 },
  });
  expect(await apply(file)).toEqual([]);
});
