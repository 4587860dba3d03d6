import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ServerBuild } from "@remix-run/node";
import type { RouteConfigEntry } from "@remix-run/route-config";
import pg from "pg";
import { afterAll, inject } from "vitest";
import { isBuildStale } from "#app/commands/build-freshness.ts";
import { serve } from "#app/commands/serve.ts";
import { may, type Role, roles } from "#app/domain/account/roles.ts";
import { createApiKey } from "#app/domain/api-key/api-key.server.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { newId } from "#app/domain/ids.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { signInCookie } from "#app/http/sign-in-cookies.server.ts";
import { db, inTransaction, pool } from "#app/infra/db.server.ts";
import { createCustomerSession, createStaffSession } from "#app/infra/session-store.server.ts";
import { stripe } from "#app/infra/stripe.server.ts";
import siteRoutes from "#app/routes.ts";
import {
  aCustomer,
  aLicense,
  anActivation,
  anOrder,
  aPolicy,
  aPrice,
  aStaffMember,
} from "#tests/factories.ts";
import type { Policy } from "#tests/routes/policies.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";
import { startStripeStandIn } from "#tests/stripe-stand-in/server.ts";

/** One leaf or layout of `app/routes.ts`. */
export type Route = { file: string; id: string; path: string; index: boolean; layout: boolean };

/** Every route, layouts included, with its whole address. */
export const routes: Route[] = flatten(siteRoutes, "");

function flatten(entries: readonly RouteConfigEntry[], above: string): Route[] {
  return entries.flatMap(({ file, path, index, children }) => {
    const whole = path ? `${above}/${path}` : above;
    const below = flatten(children ?? [], whole);
    const id = file.replace(/\.tsx?$/, "");
    // A layout has no address of its own: it is asked for at its first page's.
    const address = children ? (below[0]?.path ?? whole) : whole || "/";
    return [{ file, id, path: address, index: index === true, layout: children !== undefined }, ...below];
  });
}

export const people = ["anonymous", "customer", ...[...roles].reverse()] as const;
export type Person = (typeof people)[number];

/** Things to act on, made for one try, and the sessions of those who may or may not. */
export type World = {
  customerId: string;
  licenseId: string;
  keyLastGroup: string;
  /** A device of the license. */
  activationId: string;
  key: string;
  orderId: string;
  sourceId: string;
  eventKey: string;
  emailId: string;
  alertId: string;
  apiKeyId: string;
  /** A verify-only one. */
  signingKeyGeneration: string;
  /** Of the product the license is for. */
  productSlug: string;
  policyId: string;
  priceId: string;
  cookies: Record<Person, string>;
};

export type Answer = { status: number; location: string; body: string; headers: Headers };
export type Ask = {
  as?: string;
  form?: Record<string, string>;
  method?: string;
  headers?: Record<string, string>;
};

/** The built site on a port, with a database and a Stripe of its own. Once per test file, at the top. */
export async function openSite() {
  await buildWhenStale();
  const standIn = await startStripeStandIn({ deliver: "manual" });
  await useTestRuntime({ stripeApiBase: standIn.apiBase, worker: "off" });
  const serving = await serve();
  afterAll(async () => {
    await serving.stop();
    await standIn.stop();
  });
  const build = (await import(pathToFileURL(resolve("build/server/index.js")).href)) as ServerBuild; // as serve.ts reads it
  const staffCookies = await signInStaff();
  const policy = await aPolicy({ term: "days", termDays: 365 });
  const atStripe = await stripe().prices.create({
    currency: "usd",
    unit_amount: 9900,
    product_data: { name: policy.name },
  });
  const price = await aPrice({ policyId: policy.id, stripePriceId: atStripe.id });
  const ask = (path: string, options?: Ask) => send(serving.url, path, options);
  const aWorld = () => makeWorld({ policyId: policy.id, priceId: price.id, staffCookies });
  return { url: serving.url, build, ask, aWorld };
}

export type Site = Awaited<ReturnType<typeof openSite>>;

/** Test files run side by side; the first one builds and the others wait for it. */
async function buildWhenStale(): Promise<void> {
  const lock = new pg.Client({ connectionString: inject("testDatabaseServer").adminUrl });
  await lock.connect();
  try {
    await lock.query("SELECT pg_advisory_lock(hashtext('latchkey test build'))");
    if (!(await isBuildStale())) return;
    const { status, stderr } = spawnSync("npm", ["run", "-s", "build"], {
      encoding: "utf8",
      env: { ...process.env, NODE_ENV: "production", VITEST: "" },
    });
    if (status !== 0) throw new Error(`The site could not be built:\n${stderr}`);
  } finally {
    await lock.end();
  }
}

async function signInStaff(): Promise<Record<Role, string>> {
  const cookie = async (role: Role) => {
    const { id } = await aStaffMember({ role });
    const { token } = await inTransaction((tx) =>
      createStaffSession(tx, { staffMemberId: id, ...freshSession() }),
    );
    return cookieOf("staff", token);
  };
  return {
    owner: await cookie("owner"),
    admin: await cookie("admin"),
    support: await cookie("support"),
    viewer: await cookie("viewer"),
  };
}

const freshSession = () => ({ previousToken: null, userAgent: null, now: new Date() });

function cookieOf(kind: "customer" | "staff", token: string): string {
  return signInCookie(kind, token, 60).split(";")[0] ?? "";
}

let sales = 0;

/** A paid order with everything around it, and its customer signed in. */
async function makeWorld(site: {
  policyId: string;
  priceId: string;
  staffCookies: Record<Role, string>;
}): Promise<World> {
  const { policyId, priceId, staffCookies } = site;
  const now = new Date();
  const customer = await aCustomer();
  const sourceId = `cs_test_routes${++sales}`;
  const order = await anOrder({ customerId: customer.id, email: customer.email, stripeSessionId: sourceId });
  const license = await aLicense({
    ...{ customerId: customer.id, policyId, orderId: order.id, sourceId, itemKey: "li_1", ordinal: 0 },
    paidUntil: new Date(now.getTime() + 86_400_000),
  });
  const device = await anActivation({ licenseId: license.id, name: "Studio Mac" });
  const { id: stripeCustomerId } = await stripe().customers.create({ email: customer.email });
  await db().stripeCustomer.create({
    data: { id: stripeCustomerId, customerId: customer.id, livemode: false },
  });
  const source = { id: sourceId, kind: "checkout_session", livemode: false, orderId: order.id, syncedSeq: 1 };
  await db().stripeSource.create({ data: { ...source, stripeCustomerId } });
  const event = await db().stripeEvent.create({
    data: {
      ...{ dedupeKey: `evt_${sourceId}`, eventId: `evt_${sourceId}`, type: "checkout.session.completed" },
      ...{ sourceId, objectId: sourceId, livemode: false, created: now, processedAt: now, payload: "{}" },
    },
  });
  const email = await db().email.create({
    data: {
      ...{ id: newId("mail"), kind: "license-issued", causeKey: order.id, recipient: customer.email },
      ...{ props: { orderId: order.id }, customerId: customer.id, orderId: order.id, licenseId: license.id },
      ...{ messageId: `<${order.id}@example.com>`, subject: "Your key", nextAttemptAt: now, sentAt: now },
    },
  });
  const alert = await db().alert.create({
    data: {
      id: `alert_${sales}`,
      kind: "no-email",
      causeKey: sourceId,
      message: "No address",
      createdAt: now,
    },
  });
  const { record } = await createApiKey({
    ...{ name: "Back end", scopes: ["licenses:read"], expiresAt: null, createdBy: "tests" },
    ...{ actor: systemActor("tests"), now, requestId: null },
  });
  const { product } = await db().policy.findUniqueOrThrow({
    where: { id: policyId },
    select: { product: { select: { slug: true } } },
  });
  const { token } = await inTransaction((tx) =>
    createCustomerSession(tx, { customerId: customer.id, ...freshSession() }),
  );
  return {
    customerId: customer.id,
    licenseId: license.id,
    keyLastGroup: license.keyLastGroup,
    activationId: device.id,
    key: readKey(license),
    orderId: order.id,
    sourceId,
    eventKey: event.dedupeKey,
    emailId: email.id,
    alertId: alert.id,
    apiKeyId: record.id,
    signingKeyGeneration: String(await aVerifyOnlySigningKey(now)),
    productSlug: product.slug,
    policyId,
    priceId,
    cookies: { anonymous: "", customer: cookieOf("customer", token), ...staffCookies },
  };
}

/** A key that was rotated away long ago; the first generation is left to the key that signs. */
async function aVerifyOnlySigningKey(now: Date): Promise<number> {
  const { _max } = await db().signingKey.aggregate({ _max: { generation: true } });
  const generation = (_max.generation ?? 1) + 1;
  const publicKey = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64");
  const keyId = crypto.randomUUID().slice(0, 16);
  await db().signingKey.create({
    data: { generation, keyId, publicKey, state: "verify-only", createdAt: now },
  });
  return generation;
}

/** The hold that `reinstate` lifts. */
export async function suspend(world: World): Promise<void> {
  await db().licenseHold.create({
    data: {
      id: `hold_${world.licenseId}`,
      licenseId: world.licenseId,
      cause: "staff",
      reason: "Ticket 4711",
    },
  });
}

/** The route's address about the things of this world. */
export function addressOf(route: Route, world: World): string {
  const ids: Record<string, string> = {
    licenseId: world.licenseId,
    customerId: world.customerId,
    orderId: world.orderId,
    dedupeKey: world.eventKey,
    emailId: world.emailId,
  };
  if (route.path === "/checkout/return") return `${route.path}?session_id=${world.sourceId}`;
  return route.path.replace("/*", "/nowhere").replace(/:(\w+)/g, (_, name: string) => {
    const id = ids[name];
    if (!id)
      throw new Error(
        `${route.file} has a parameter ${name} that addressOf() of tests/routes does not know.`,
      );
    return id;
  });
}

/** Where the route's forms post to: an index route shares its address with its layout. */
export function formAddressOf(route: Route, world: World): string {
  return withQuery(addressOf(route, world), route.index ? "index" : "");
}

export function withQuery(path: string, query: string): string {
  return query === "" ? path : `${path}${path.includes("?") ? "&" : "?"}${query}`;
}

async function send(
  base: string,
  path: string,
  { as = "", form, method, headers }: Ask = {},
): Promise<Answer> {
  const changes = form !== undefined || (method !== undefined && method !== "GET");
  const answer = await fetch(base + path, {
    method: method ?? (form ? "POST" : "GET"),
    redirect: "manual",
    headers: {
      ...(as && { cookie: as }),
      ...(changes && { origin: base }),
      ...headers,
    },
    ...(form && { body: new URLSearchParams(form) }),
  });
  const location = answer.headers.get("location") ?? answer.headers.get("x-remix-redirect") ?? "";
  // What Remix tells its own scripts as 204 and a header is a redirect.
  const status = answer.status === 204 && location ? 303 : answer.status;
  return { status, location, body: await answer.text(), headers: answer.headers };
}

/** What a policy says to a person, in the words of `outcomeOf`. */
export function expectedOf(
  policy: Policy,
  person: Person,
): "done" | "forbidden" | "sign in" | "staff sign-in" {
  if (policy === "public") return "done";
  if (policy === "customer") return person === "customer" ? "done" : "sign in";
  if (person === "anonymous" || person === "customer") return "staff sign-in";
  return may(person, policy) ? "done" : "forbidden";
}

/** What an answer comes to; the status itself when it is none of these. */
export function outcomeOf({ status, location }: Answer, done: readonly number[]): string {
  const redirect = status === 303 ? new URL(location, "http://site") : null;
  if (redirect?.pathname === "/sign-in" && redirect.searchParams.has("redirectTo"))
    return redirect.searchParams.get("as") === "staff" ? "staff sign-in" : "sign in";
  if (status === 403) return "forbidden";
  return done.includes(status) ? "done" : String(status);
}

/** Counting tries and moving a session's idle limit are not changes of anybody's data. */
const uncounted = ["rate_limit", "customer_session", "staff_session"];

/** A fingerprint of every row of every table, to be compared with a later one. */
export async function fingerprint(): Promise<Record<string, string>> {
  const { rows: tables } = await pool().query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL ($1) ORDER BY 1",
    [uncounted],
  );
  const each = tables.map(
    ({ name }) =>
      `SELECT '${name}' AS name, count(*) || ':' || coalesce(md5(string_agg(t::text, chr(10) ORDER BY t::text)), '') AS hash FROM "${name}" t`,
  );
  const { rows } = await pool().query<{ name: string; hash: string }>(each.join(" UNION ALL "));
  return Object.fromEntries(rows.map(({ name, hash }) => [name, hash]));
}

/** Where in the database any of these words stands. */
export async function placesOf(words: readonly string[]): Promise<string[]> {
  const { rows: tables } = await pool().query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
  );
  const places: string[] = [];
  for (const { name } of tables) {
    const { rows } = await pool().query<{ row: string }>(
      `SELECT t::text AS row FROM "${name}" t WHERE t::text LIKE ANY ($1)`,
      [words.map((word) => `%${word}%`)],
    );
    places.push(...rows.map(({ row }) => `${name}: ${row}`));
  }
  return places;
}
