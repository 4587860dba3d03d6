import { expect, test } from "vitest";
import { uuidOf } from "#app/domain/ids.ts";
import {
  countManagedLicenses,
  findManagedLicense,
  listManagedLicenses,
  type ManagedLicenseFilter,
  pageOfManagedLicenses,
} from "#app/domain/license/managed-license.queries.server.ts";
import { resolvePolicy, resolveProduct } from "#app/domain/product/resolve-policy.server.ts";
import { db } from "#app/infra/db.server.ts";
import { aCustomer, aLicense, anActivation, aPolicy, aProduct } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const now = new Date("2026-11-21T12:00:00.000Z");
const product = await aProduct({ slug: "lumen" });
const policy = await aPolicy({ productId: product.id, slug: "lumen-pro", position: 2 });
const basic = await aPolicy({ productId: product.id, slug: "lumen-basic", position: 1 });
const mia = await aCustomer({ email: "mia@example.com" });
const minutes = (count: number) => new Date(now.getTime() + count * 60_000);
const licenses = await Promise.all(
  Array.from({ length: 5 }, (_, n) =>
    aLicense({
      policyId: n === 4 ? basic.id : policy.id,
      customerId: mia.id,
      createdAt: minutes(n),
      metadata: { order: `A-${n}`, shop: "web" },
      ...(n === 0 && { revokedAt: now }),
    }),
  ),
);
const ids = licenses.map(({ id }) => id).reverse();
await aLicense({ customerId: null, metadata: { order: "A-1" } });

const idsOf = async (filter: ManagedLicenseFilter) =>
  (await listManagedLicenses({ ...filter, limit: 100 }, now)).licenses.map(({ id }) => id);

test("a license is found by id, UUID and key, however the key is typed", async () => {
  const [id = ""] = ids;
  await anActivation({ licenseId: id, fingerprint: "a", hostname: "host", releasedAt: now });
  await anActivation({ licenseId: id, fingerprint: "b", leaseUntil: minutes(1) });
  await anActivation({ licenseId: id, fingerprint: "c", leaseUntil: now });
  const found = await findManagedLicense(id, now);
  expect(found).toMatchObject({ id, activeDevices: 1, product: { slug: "lumen" }, customer: { id: mia.id } });
  expect(found?.devices.map(({ fingerprint }) => fingerprint).sort()).toEqual(["a", "b", "c"]);
  const key = found?.key ?? "";
  for (const ref of [uuidOf(id), uuidOf(id).toUpperCase(), key, key.toLowerCase().replaceAll("-", " ")])
    expect((await findManagedLicense(ref, now))?.id).toBe(id);
  for (const ref of ["lic_nothing", uuidOf("lic_00000000000000000000000001"), "LUMEN-0000", "'", ""])
    expect(await findManagedLicense(ref, now)).toBeNull();
});

test("a catalog name is a slug, an id, a UUID or a number, and a product stands for its first policy", async () => {
  for (const ref of ["lumen-pro", policy.id, uuidOf(policy.id), policy.number, String(policy.number)])
    expect((await resolvePolicy(ref))?.policy.id).toBe(policy.id);
  for (const ref of ["lumen", product.id, uuidOf(product.id)]) {
    expect((await resolvePolicy(ref))?.policy.id).toBe(basic.id);
    expect((await resolveProduct(ref))?.id).toBe(product.id);
  }
  expect((await resolveProduct(product.number))?.id).toBe(product.id);
  for (const ref of ["nothing", "999999", -1, 1.5, Number.NaN, "", "\u0000"]) {
    expect(await resolvePolicy(ref)).toBeNull();
    expect(await resolveProduct(ref)).toBeNull();
  }
});

test("every filter narrows, alone and together", async () => {
  expect(await idsOf({ product: "lumen" })).toEqual(ids);
  expect(await idsOf({ policy: "lumen-basic" })).toEqual([ids[0]]);
  for (const customer of [mia.id, uuidOf(mia.id), "MIA@example.com", String(mia.number)])
    expect(await idsOf({ customer })).toEqual(ids);
  expect(await idsOf({ product: "lumen", status: "revoked" })).toEqual([ids[4]]);
  expect(await idsOf({ product: "lumen", metadata: { order: "A-1" } })).toEqual([ids[3]]);
  expect(await idsOf({ metadata: { shop: "web", order: "A-2" } })).toEqual([ids[2]]);
  expect(await idsOf({ metadata: { shop: "web", order: "B" } })).toEqual([]);
  expect(await idsOf({ q: "mia@example" })).toEqual(ids);
  const key = (await findManagedLicense(ids[1] ?? "", now))?.key ?? "";
  expect(await idsOf({ key })).toEqual([ids[1]]);
  for (const filter of [{ product: "no" }, { policy: "no" }, { customer: "no" }, { key: "no" }]) {
    expect(await idsOf(filter)).toEqual([]);
    expect(await countManagedLicenses(filter, now)).toBe(0);
  }
});

test("pages follow each other without a gap, by cursor and by number", async () => {
  const seen: string[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await listManagedLicenses({ product: "lumen", limit: 2, cursor: cursor ?? undefined }, now);
    seen.push(...page.licenses.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor);
  expect(seen).toEqual(ids);
  const second = await pageOfManagedLicenses({ product: "lumen", page: 2, pageSize: 2 }, now);
  expect(second.total).toBe(5);
  expect(second.licenses.map(({ id }) => id)).toEqual(ids.slice(2, 4));
  expect((await listManagedLicenses({ limit: 2, cursor: "mangled" }, now)).licenses).toHaveLength(2);
});

test("a key that was sealed under another master key is not told, and its page still is", async () => {
  const [id = ""] = ids;
  await db().license.update({ where: { id }, data: { keyEncryptionKeyId: "another" } });
  const { licenses: page } = await listManagedLicenses({ product: "lumen", limit: 100 }, now);
  expect(page.map((license) => license.id)).toEqual(ids);
  expect(page.map(({ key }) => key === null)).toEqual(ids.map((each) => each === id));
  expect((await findManagedLicense(id, now))?.maskedKey).toMatch(/••••/);
});
