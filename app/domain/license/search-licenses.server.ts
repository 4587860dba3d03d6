import { type KeyFragment, keyFragment, keyHolds } from "#app/domain/license/key-fragment.ts";
import { groupLookup, keyLookup, readKey, typedKeyLookup } from "#app/domain/license/license-key.server.ts";
import { normalizeKey } from "#app/domain/license/license-key.ts";
import { escapeLike, searchText } from "#app/domain/search-text.ts";
import { db } from "#app/infra/db.server.ts";
import { Prisma } from "#app/infra/prisma-client/client.ts";

/** Two groups leave about one license in a thousand billion; one group never has this many in a shop's life. */
const maxCandidates = 500;

/**
 * What was typed into the search box as a condition on licenses called `l`: a key or part of one, an address or
 * part of one, an order number, an id of ours or of Stripe's. Every way goes through an index, and a clear-text
 * key is never compared in the database.
 * @returns null when nothing was typed.
 */
export async function searchWhere(typed: string | undefined): Promise<Prisma.Sql | null> {
  const text = searchText(typed);
  if (!text) return null;
  // An imported key may look like anything.
  const byImportedKey = importedKeySearch(text);
  const byId = idSearch(text);
  if (byId) return anyOf([...byId, ...byImportedKey]);
  if (text.includes("@")) return anyOf([...addressSearch(text), ...byImportedKey]);

  const key = normalizeKey(text);
  if (key) return Prisma.sql`l.key_hmac = ${keyLookup(key)}`;
  if (/^#\d{1,9}$/.test(text)) return anyOf(orderNumberSearch(text.slice(1)));
  const ways = byImportedKey;
  if (/^\d{1,9}$/.test(text)) ways.push(...orderNumberSearch(text));
  // Fewer letters would match nearly every address, and the trigram index could not help.
  if (text.length >= 3 && !/\s/.test(text)) ways.push(...addressSearch(text));
  const ids = await idsByFragment(text);
  if (ids.length > 0) ways.push(Prisma.sql`SELECT id FROM license WHERE id IN (${Prisma.join(ids)})`);
  return anyOf(ways);
}

/** One list of ids, so that each way keeps its own index: an OR over tables would read them whole. */
function anyOf(ways: Prisma.Sql[]): Prisma.Sql {
  if (ways.length === 0) return Prisma.sql`FALSE`;
  return Prisma.sql`l.id IN (${Prisma.join(ways, " UNION ALL ")})`;
}

function importedKeySearch(text: string): Prisma.Sql[] {
  const keyHmac = typedKeyLookup(text, { imported: true });
  return keyHmac ? [Prisma.sql`SELECT id FROM license WHERE key_hmac = ${keyHmac}`] : [];
}

/** By the order that brought a license, or one that renewed it. */
function orderNumberSearch(digits: string): Prisma.Sql[] {
  return [
    Prisma.sql`SELECT s.id FROM license s JOIN "order" o ON o.id = s.order_id WHERE o.number = ${Number(digits)}`,
    Prisma.sql`SELECT o.renews_license_id FROM "order" o WHERE o.number = ${Number(digits)}`,
  ];
}

function addressSearch(text: string): Prisma.Sql[] {
  const pattern = `%${escapeLike(text.toLowerCase())}%`;
  return [
    Prisma.sql`SELECT s.id FROM license s JOIN customer c ON c.id = s.customer_id WHERE c.email LIKE ${pattern}`,
    Prisma.sql`SELECT s.id FROM license s JOIN "order" o ON o.id = s.order_id WHERE o.email ILIKE ${pattern}`,
  ];
}

/** @returns null when the text is no id, which is exact or nothing. */
function idSearch(text: string): Prisma.Sql[] | null {
  const prefix = /^([a-z]+)_\w+$/.exec(text)?.[1];
  const bySource = Prisma.sql`SELECT id FROM license WHERE source_id = ${text}`;
  switch (prefix) {
    case "lic":
      return [Prisma.sql`SELECT id FROM license WHERE id = ${text}`];
    case "ord":
      return [
        Prisma.sql`SELECT id FROM license WHERE order_id = ${text}`,
        Prisma.sql`SELECT renews_license_id FROM "order" WHERE id = ${text}`,
      ];
    case "cust":
      return [Prisma.sql`SELECT id FROM license WHERE customer_id = ${text}`];
    case "cus":
      return [
        Prisma.sql`SELECT s.id FROM license s JOIN stripe_customer c ON c.customer_id = s.customer_id WHERE c.id = ${text}`,
      ];
    case "cs":
      return [
        bySource,
        Prisma.sql`SELECT s.id FROM license s JOIN "order" o ON o.id = s.order_id WHERE o.stripe_session_id = ${text}`,
        Prisma.sql`SELECT license_id FROM license_renewal WHERE source_id = ${text}`,
      ];
    case "pi":
      return [
        Prisma.sql`SELECT s.id FROM license s JOIN "order" o ON o.id = s.order_id WHERE o.payment_intent_id = ${text}`,
        Prisma.sql`SELECT s.id FROM license s JOIN stripe_payment p ON p.source_id = s.source_id WHERE p.payment_intent_id = ${text}`,
      ];
    case "ch":
    case "py":
      return [
        Prisma.sql`SELECT s.id FROM license s JOIN stripe_payment p ON p.source_id = s.source_id WHERE p.charge_id = ${text}`,
      ];
    case "evt":
      return [
        Prisma.sql`SELECT s.id FROM license s JOIN stripe_event e ON e.source_id = s.source_id WHERE e.dedupe_key = ${text}`,
      ];
    case "sub":
      return [bySource];
    case "price":
      return [priceSearch(text)];
    default:
      return null;
  }
}

/** Licenses sold at this price; both our ids and Stripe's begin with `price_`. */
function priceSearch(id: string): Prisma.Sql {
  return Prisma.sql`
    SELECT s.id FROM price p
    JOIN policy y ON y.id = p.policy_id
    JOIN license s ON s.product_id = y.product_id AND s.policy_id = y.id
    WHERE (p.id = ${id} OR p.stripe_price_id = ${id}) AND EXISTS (
      SELECT 1 FROM order_line n
      WHERE n.order_id = s.order_id AND (n.price_id = p.id OR n.stripe_price_id = p.stripe_price_id)
    )`;
}

async function idsByFragment(text: string): Promise<string[]> {
  const products = await db().product.findMany({ select: { keyPrefix: true }, distinct: ["keyPrefix"] });
  const fragment = keyFragment(
    text,
    products.map((product) => product.keyPrefix),
  );
  if (!fragment) return [];
  const candidates = await db().license.findMany({
    where: {
      keyGroupHmacs: { hasEvery: [...new Set(fragment.groups.map(groupLookup))] },
      ...(fragment.prefix && { keyPrefix: { equals: fragment.prefix, mode: "insensitive" as const } }),
    },
    select: { id: true, keyCiphertext: true, keyPrefix: true },
    take: maxCandidates,
  });
  return candidates
    .filter(
      (row) =>
        provesNothingMore(fragment) || keyHolds(readKey(row), fragment, { imported: row.keyPrefix === "" }),
    )
    .map(({ id }) => id);
}

/** One whole group and nothing else is already found by its hash; more has an order that only the key tells. */
function provesNothingMore({ runs, groups }: KeyFragment): boolean {
  return runs.length === 1 && groups.length === 1 && runs[0] === groups[0];
}
