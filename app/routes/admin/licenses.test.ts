import type { ActionFunctionArgs, LoaderFunctionArgs } from "@remix-run/node";
import { expect, test } from "vitest";
import { type Role, roles } from "#app/domain/account/roles.ts";
import { extendLicense } from "#app/domain/license/license.server.ts";
import { randomKey } from "#app/domain/license/license-key.server.ts";
import type { FormState } from "#app/http/form-state.ts";
import { signInCookie } from "#app/http/sign-in-cookies.server.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { createStaffSession } from "#app/infra/session-store.server.ts";
import { paths } from "#app/paths.ts";
import * as licensePage from "#app/routes/admin/license.tsx";
import * as licenses from "#app/routes/admin/licenses.tsx";
import * as newLicense from "#app/routes/admin/new-license.tsx";
import { aLicense, anActivation, aPolicy, aStaffMember } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const context = { requestId: "request-1", nonce: "nonce", clientAddress: "127.0.0.1" };
type Handler<Args> = (args: Args) => Promise<unknown>;

/** A browser with a member of staff signed in; what a page throws counts as its answer. */
async function aStaffBrowser(role: Role | null) {
  const staff = role && (await aStaffMember({ role }));
  const session =
    staff &&
    (await inTransaction((tx) =>
      createStaffSession(tx, {
        staffMemberId: staff.id,
        previousToken: null,
        userAgent: null,
        now: new Date(),
      }),
    ));
  const cookie = session ? (signInCookie("staff", session.token, 60).split(";")[0] ?? "") : "";
  const request = (path: string, init: RequestInit = {}) =>
    new Request(`http://localhost:3000${path}`, { ...init, headers: { Cookie: cookie } });
  const caught = (work: Promise<unknown>) =>
    work.catch((thrown: unknown) => {
      if (thrown instanceof Response) return thrown;
      throw thrown;
    });
  const open = (loader: Handler<LoaderFunctionArgs>, path: string, params = {}) =>
    caught(loader({ request: request(path), params, context }));
  const post = async (
    action: Handler<ActionFunctionArgs>,
    path: string,
    params: object,
    fields: Record<string, string>,
  ): Promise<Response> => {
    const body = new URLSearchParams(fields);
    const args = { request: request(path, { method: "POST", body }), params: { ...params }, context };
    const answer = await caught(action(args));
    if (!(answer instanceof Response)) throw new Error("an action answers with a Response");
    return answer;
  };
  return {
    staff,
    license: (licenseId: string, query = {}) =>
      open(licensePage.loader, paths.admin.license(licenseId, query), { licenseId }),
    list: (query = {}) => open(licenses.loader, paths.admin.licenses(query)),
    newLicense: () => open(newLicense.loader, paths.admin.newLicense()),
    act: (licenseId: string, fields: Record<string, string>) =>
      post(licensePage.action, paths.admin.license(licenseId), { licenseId }, fields),
    issue: (fields: Record<string, string>) => post(newLicense.action, paths.admin.newLicense(), {}, fields),
  };
}

type LicensePage = Awaited<ReturnType<typeof licensePage.loader>>;
type ListPage = Awaited<ReturnType<typeof licenses.loader>>;
const form = async (answer: Response) => ((await answer.json()) as { form: FormState }).form;
const fields = (intent: string, more: Record<string, string> = {}) => ({
  intent,
  version: "1",
  submission: crypto.randomUUID(),
  reason: "asked by phone",
  ...more,
});
const dated = () => aLicense({ term: "days", paidUntil: new Date(Date.now() + 86_400_000) });
const intents = [
  "extend",
  "change-limit",
  "suspend",
  "reinstate",
  "resend",
  "revoke",
  "reveal-key",
  "release-device",
] as const;

test("nobody gets in without signing in", async () => {
  const browser = await aStaffBrowser(null);
  const { id } = await aLicense();
  for (const answer of [
    await browser.list(),
    await browser.newLicense(),
    await browser.license(id),
    await browser.act(id, fields("revoke")),
    await browser.issue({}),
  ]) {
    expect(answer).toBeInstanceOf(Response);
    if (answer instanceof Response) expect(answer.headers.get("Location")).toMatch(/^\/sign-in\?/);
  }
});

test("each role is shown the acts it may do, and refused the others with 403 before anything happens", async () => {
  const may: Record<Role, readonly string[]> = {
    owner: intents,
    admin: intents,
    support: intents.filter((intent) => intent !== "revoke"),
    viewer: [],
  };
  for (const role of roles) {
    const browser = await aStaffBrowser(role);
    const license = await dated();
    const page = (await browser.license(license.id)) as LicensePage;
    const shown = [
      ...page.actions,
      ...(page.mayReveal ? ["reveal-key"] : []),
      ...(page.mayRelease ? ["release-device"] : []),
    ];
    expect(shown).toEqual(may[role].filter((intent) => intent !== "reinstate"));
    for (const intent of intents) {
      const answer = await browser.act(license.id, { intent });
      expect([role, intent, answer.status === 403]).toEqual([role, intent, !may[role].includes(intent)]);
    }
    expect((await browser.act(license.id, {})).status).toBe(role === "owner" || role === "admin" ? 422 : 403);
    const issue = await browser.issue({});
    expect(issue.status).toBe(role === "owner" || role === "admin" ? 422 : 403);
    const after = await db().license.findUniqueOrThrow({ where: { id: license.id } });
    expect(after.version).toBe(1);
  }
});

test("a license without an owner shows nobody, and is assigned by who may", async () => {
  const license = await aLicense({ term: "perpetual", customerId: null });
  const fresh = { email: "owner@example.com", ...fields("assign") };
  for (const role of ["support", "viewer"] as const) {
    const browser = await aStaffBrowser(role);
    expect(((await browser.license(license.id)) as LicensePage).actions).not.toContain("assign");
    expect((await browser.act(license.id, fresh)).status).toBe(403);
  }
  const browser = await aStaffBrowser("admin");
  const list = (await browser.list({ q: license.id })) as ListPage;
  expect(list.licenses).toMatchObject([{ id: license.id, customer: null }]);
  const page = (await browser.license(license.id, { do: "assign" })) as LicensePage;
  expect([page.open, page.license.customer]).toEqual(["assign", null]);
  const refused = await browser.act(license.id, { ...fresh, email: "x" });
  expect([refused.status, Object.keys((await form(refused)).errors)]).toEqual([422, ["email"]]);
  expect((await browser.act(license.id, fresh)).status).toBe(303);
  const after = (await browser.license(license.id, { do: "assign" })) as LicensePage;
  expect([after.open, after.license.customer?.email]).toEqual([null, "owner@example.com"]);
  expect(after.license.timeline[0]?.title).toBe("Assigned to owner@example.com");
});

test("staff change the device limit and release devices, as often as they like and with a reason", async () => {
  const browser = await aStaffBrowser("support");
  const license = await aLicense({ deviceLimit: 1 });
  const device = await anActivation({ licenseId: license.id, name: "Studio Mac", fingerprint: "f1f2f3" });
  const page = (await browser.license(license.id, { release: device.id })) as LicensePage;
  expect([page.releasing, page.license.activations.length]).toEqual([device.id, 1]);
  expect(JSON.stringify(page)).not.toMatch(/fingerprint|ciphertext/i);
  for (const [typed, problem] of [
    ["many", /whole number from 1/],
    ["0", /whole number from 1/],
    ["1", /1 device already/],
  ] as const) {
    const refused = await browser.act(license.id, fields("change-limit", { deviceLimit: typed }));
    expect([refused.status, (await form(refused)).errors.deviceLimit]).toEqual([
      422,
      expect.stringMatching(problem),
    ]);
  }
  expect((await browser.act(license.id, fields("change-limit", { deviceLimit: "" }))).status).toBe(303);
  expect((await db().license.findUnique({ where: { id: license.id } }))?.deviceLimit).toBeNull();
  const release = fields("release-device", { activationId: device.id });
  expect((await browser.act(license.id, { ...release, reason: "" })).status).toBe(422);
  for (let n = 0; n < 2; n++) expect((await browser.act(license.id, release)).status).toBe(303);
  const rows = await db().auditLog.findMany({
    where: { licenseId: license.id, event: "activation.released" },
  });
  expect(rows).toMatchObject([{ actorType: "staff", reason: "asked by phone" }]);
});

test("an unknown license is 404 for the page and 404 for an act", async () => {
  const browser = await aStaffBrowser("owner");
  const page = await browser.license("lic_nobody");
  expect(page).toBeInstanceOf(Response);
  if (page instanceof Response) expect(page.status).toBe(404);
  expect((await browser.act("lic_nobody", fields("suspend"))).status).toBe(404);
  expect((await browser.act("lic_nobody", fields("reveal-key"))).status).toBe(404);
});

test("the whole round: extend, suspend, reinstate, send again, revoke, each with its message", async () => {
  const browser = await aStaffBrowser("admin");
  const license = await dated();
  const messages: string[] = [];
  const act = async (intent: string, version: number, more: Record<string, string> = {}) => {
    const answer = await browser.act(license.id, fields(intent, { version: String(version), ...more }));
    expect([answer.status, answer.headers.get("Location")]).toEqual([303, paths.admin.license(license.id)]);
    const cookie = answer.headers.get("Set-Cookie") ?? "";
    const body = /latchkey-flash=([^.;]+)/.exec(decodeURIComponent(cookie))?.[1] ?? "";
    messages.push((JSON.parse(Buffer.from(body, "base64url").toString()) as { message: string }).message);
  };
  await act("extend", 1, { period: "date", date: "2050-12-03" });
  await act("suspend", 2, { notify: "on", note: "We are looking into it." });
  await act("reinstate", 3);
  await act("resend", 4, { reason: "", recipient: "" });
  await act("revoke", 4, { confirmation: license.keyLastGroup });
  expect(messages.map((message) => message.split(".")[0])).toEqual([
    "License extended",
    "License suspended",
    "License reinstated",
    expect.stringMatching(/^Key sent again to /),
    "License revoked",
  ]);
  const page = (await browser.license(license.id, { do: "extend" })) as LicensePage;
  expect([page.actions, page.open, page.license.assessment.status]).toEqual([[], null, "revoked"]);
  const acts = page.license.timeline.filter((entry) => entry.kind === "license");
  expect(acts.map((entry) => entry.title)).toEqual([
    "Revoked",
    expect.stringMatching(/^Key sent again to /),
    "Reinstated",
    "Suspended",
    "Extended to 3 Dec 2050",
  ]);
  const mails = await db().email.findMany({ where: { licenseId: license.id, kind: "license-changed" } });
  expect(mails.map((mail) => mail.props)).toMatchObject([
    { change: "suspended", note: "We are looking into it." },
  ]);
});

test("wrong input keeps what was typed and names the field", async () => {
  const browser = await aStaffBrowser("owner");
  const license = await dated();
  for (const [sent, field] of [
    [fields("suspend", { reason: "x" }), "reason"],
    [fields("extend", { period: "custom", count: "many" }), "count"],
    [fields("extend", { period: "date", date: "2001-01-01" }), "date"],
    [fields("extend", { period: "date", date: "soon" }), "date"],
    [fields("revoke", { confirmation: "0000" }), "confirmation"],
    [fields("resend", { recipient: "nobody" }), "recipient"],
    [fields("resend", { recipient: "somebody@else.example", reason: "" }), "reason"],
    [fields("suspend", { version: "one" }), "version"],
    [fields("suspend", { submission: "again" }), "submission"],
  ] as const) {
    const answer = await browser.act(license.id, sent);
    const state = await form(answer);
    expect([answer.status, Object.keys(state.errors)]).toEqual([422, [field]]);
    expect(state.values).toEqual(sent);
  }
});

test("a conflict answers 409 with what changed and what was typed, and the page is fresh for another try", async () => {
  const browser = await aStaffBrowser("support");
  const license = await dated();
  const bob = await aStaffMember({ email: "bob@staff.example" });
  await extendLicense({
    licenseId: license.id,
    version: 1,
    submission: crypto.randomUUID(),
    reason: "goodwill",
    notifyCustomer: false,
    actor: { type: "staff", id: bob.id, label: bob.email },
    now: new Date(),
    requestId: null,
    extension: { kind: "date", date: "2060-12-03" },
  });
  const sent = fields("suspend", { reason: "shared key", notify: "on" });
  const answer = await browser.act(license.id, sent);
  expect(answer.status).toBe(409);
  const body = (await answer.json()) as { form: FormState; changes: unknown[] };
  expect(body.form.values).toEqual(sent);
  expect(body.form.formError).toMatch(/changed while you were looking/);
  expect(body.changes).toMatchObject([
    { who: "bob@staff.example", what: "Extended to 3 Dec 2060", why: "goodwill" },
  ]);
  const page = (await browser.license(license.id, { do: "suspend" })) as LicensePage;
  expect([page.open, page.license.version]).toEqual(["suspend", 2]);
  expect((await browser.act(license.id, { ...sent, version: "2" })).status).toBe(303);
});

test("the extend dialog reads its preview from the address and falls back to its defaults", async () => {
  const browser = await aStaffBrowser("support");
  const license = await dated();
  const asked = { do: "extend", period: "custom", count: "18", unit: "month" };
  const page = (await browser.license(license.id, asked)) as LicensePage;
  expect([page.open, page.choice]).toEqual([
    "extend",
    { period: "custom", count: "18", unit: "month", date: "" },
  ]);
  const strange = (await browser.license(license.id, { do: "explode", period: "ever" })) as LicensePage;
  expect([strange.open, strange.choice.period]).toEqual([null, "1-year"]);
  const viewer = (await (await aStaffBrowser("viewer")).license(license.id, asked)) as LicensePage;
  expect(viewer.open).toBeNull();
});

test("a key is revealed by a form, on record, and is in no page before", async () => {
  const browser = await aStaffBrowser("support");
  const key = randomKey("TEST");
  const license = await aLicense({ key });
  expect(JSON.stringify(await browser.license(license.id))).not.toContain(key.slice(5, 14));
  const answer = await browser.act(license.id, { intent: "reveal-key" });
  expect(await answer.json()).toEqual({ key });
  const rows = await db().auditLog.findMany({ where: { licenseId: license.id } });
  expect(rows).toMatchObject([
    { event: "license.key-revealed", actorId: browser.staff?.id, requestId: "request-1" },
  ]);
});

test("the list keeps its state in the address, and strange parameters show the first page", async () => {
  const browser = await aStaffBrowser("viewer");
  const policy = await aPolicy();
  for (let i = 0; i < 27; i++) await aLicense({ policyId: policy.id });
  const product = await db().product.findUniqueOrThrow({ where: { id: policy.productId } });
  const query = { product: product.slug, status: "unused", sort: "ends", direction: "desc" };
  const first = (await browser.list(query)) as ListPage;
  expect([first.licenses.length, first.previous, first.mayIssue, first.mayExtend]).toEqual([
    25,
    null,
    false,
    false,
  ]);
  const next = new URL(first.next ?? "", "http://localhost");
  expect(Object.fromEntries(next.searchParams)).toMatchObject(query);
  const second = (await browser.list(Object.fromEntries(next.searchParams))) as ListPage;
  expect([second.licenses.length, second.next]).toEqual([2, null]);
  const back = new URL(second.previous ?? "", "http://localhost");
  expect((await browser.list(Object.fromEntries(back.searchParams))) as ListPage).toMatchObject({
    licenses: first.licenses,
  });

  const strange = (await browser.list({
    product: product.slug,
    status: "good",
    sort: "price",
    direction: "up",
    after: "x",
    page: 7,
  })) as ListPage;
  expect([strange.licenses.length, strange.sort, strange.direction]).toEqual([25, "created", "desc"]);
  const none = (await browser.list({ q: "nobody@nowhere.example" })) as ListPage;
  expect([none.licenses.length, none.filtered, none.nothingYet]).toEqual([0, true, false]);
  expect(JSON.stringify(first)).not.toMatch(/hmac|ciphertext/i);
});

test("issuing by hand leads to the one license, or to the order of several", async () => {
  const browser = await aStaffBrowser("owner");
  const policy = await aPolicy();
  const sent = {
    submission: crypto.randomUUID(),
    email: "New@Customer.example",
    policyId: policy.id,
    quantity: "1",
    reason: "conference prize",
  };
  const one = await browser.issue(sent);
  const license = await db().license.findFirstOrThrow({ where: { policyId: policy.id } });
  expect([one.status, one.headers.get("Location")]).toEqual([303, paths.admin.license(license.id)]);
  const again = await browser.issue(sent);
  expect([again.status, again.headers.get("Location")]).toEqual([303, paths.admin.licenses()]);
  expect(await db().license.count({ where: { policyId: policy.id } })).toBe(1);

  const several = await browser.issue({ ...sent, submission: crypto.randomUUID(), quantity: "3" });
  expect(several.headers.get("Location")).toMatch(/^\/admin\/orders\/ord_/);

  const wrong = { ...sent, email: "nobody", quantity: "21", reason: "" };
  const refused = await browser.issue(wrong);
  const state = await form(refused);
  expect([refused.status, Object.keys(state.errors).sort()]).toEqual([422, ["email", "quantity", "reason"]]);
  expect(state.values).toEqual(wrong);
  const past = await browser.issue({ ...sent, submission: crypto.randomUUID(), validUntil: "2001-01-01" });
  expect(Object.keys((await form(past)).errors)).toEqual(["validUntil"]);
});
