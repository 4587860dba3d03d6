import { expect, test } from "vitest";
import { makePrice, makeSession, refusal, withStandIn } from "./harness.ts";

test("lists go newest first, page both ways and filter by date", () =>
  withStandIn({}, async (standIn, stripe) => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      ids.unshift((await stripe.customers.create({ name: `Customer ${i}` })).id);
      await standIn.clock.advance(10_000);
    }
    const first = await stripe.customers.list({ limit: 2 });
    expect(first).toMatchObject({ object: "list", url: "/v1/customers", has_more: true });
    expect(first.data.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    const next = await stripe.customers.list({ limit: 2, starting_after: ids[1] ?? "" });
    expect(next.data.map(({ id }) => id)).toEqual(ids.slice(2, 4));
    const before = await stripe.customers.list({ limit: 2, ending_before: ids[4] ?? "" });
    expect(before.data.map(({ id }) => id)).toEqual(ids.slice(2, 4));
    expect(before.has_more).toBe(true);
    const all = await stripe.customers.list({ limit: 2 }).autoPagingToArray({ limit: 100 });
    expect(all.map(({ id }) => id)).toEqual(ids);
    const since = all[2]?.created ?? 0;
    const newer = await stripe.customers.list({ created: { gt: since } });
    expect(newer.data.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect(await refusal(stripe.customers.list({ limit: 101 }))).toMatchObject({ param: "limit" });
    expect(await refusal(stripe.customers.list({ starting_after: "cus_none" }))).toMatchObject({
      code: "resource_missing",
    });
  }));

test("more than ten lines are read page by page, first line first", () =>
  withStandIn({}, async (_standIn, stripe) => {
    const prices = await Promise.all(
      Array.from({ length: 23 }, (_, i) => makePrice(stripe, 100 + i, `Plug-in ${i}`)),
    );
    const session = await makeSession(stripe, {
      line_items: prices.map(({ id }) => ({ price: id, quantity: 1 })),
      expand: ["line_items"],
    });
    expect(session.line_items?.data).toHaveLength(10);
    expect(session.line_items?.has_more).toBe(true);
    const lines = await stripe.checkout.sessions
      .listLineItems(session.id, { limit: 10 })
      .autoPagingToArray({ limit: 99 });
    expect(lines.map((line) => line.price?.id)).toEqual(prices.map(({ id }) => id));
  }));

test("prices are found by lookup key, and a key moves only when asked to", () =>
  withStandIn({}, async (_standIn, stripe) => {
    const input = { currency: "usd", unit_amount: 100, product_data: { name: "A" }, lookup_key: "a" };
    const first = await stripe.prices.create(input);
    expect(await refusal(stripe.prices.create(input))).toMatchObject({ param: "lookup_key" });
    const second = await stripe.prices.create({ ...input, transfer_lookup_key: true });
    const found = await stripe.prices.list({ lookup_keys: ["a"], expand: ["data.product"] });
    expect(found.data.map(({ id }) => id)).toEqual([second.id]);
    expect(found.data[0]?.product).toMatchObject({ object: "product", name: "A" });
    expect(found.data[0]?.unit_amount_decimal?.toString()).toBe("100");
    expect((await stripe.prices.retrieve(first.id)).lookup_key).toBeNull();
  }));

test("expansion reaches four levels and refuses what has nothing to expand", () =>
  withStandIn({}, async (_standIn, stripe) => {
    const session = await makeSession(stripe);
    const expanded = await stripe.checkout.sessions.list({ expand: ["data.line_items.data.price.product"] });
    expect(expanded.data[0]?.line_items?.data[0]?.price?.product).toMatchObject({ object: "product" });
    for (const path of ["amount_total", "line_items.data.price.product.default_price.product", "nonsense"]) {
      expect(await refusal(stripe.checkout.sessions.retrieve(session.id, { expand: [path] }))).toMatchObject({
        statusCode: 400,
      });
    }
  }));
