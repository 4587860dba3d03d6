import { afterEach, expect, test, vi } from "vitest";
import { addStaff } from "#app/domain/account/staff.server.ts";
import { knownDevice } from "#app/http/known-device.server.ts";
import { db } from "#app/infra/db.server.ts";
import { getEnv, setRuntimeEnv } from "#app/infra/env.server.ts";
import { decrypt } from "#app/infra/secrets.server.ts";
import { action, loader } from "#app/routes/auth/sign-in.tsx";
import { action as signOutAction, loader as signOutLoader } from "#app/routes/auth/sign-out.ts";
import { aCustomer } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
afterEach(() => vi.useRealTimers());

type Answer = { status: number; headers: Headers; body: unknown };
type Handler = (args: never) => unknown;

let clients = 0;
let people = 0;
const newEmail = () => `person${++people}@example.com`;

/** A browser as far as signing in needs one: a client address of its own and a cookie jar. */
function aBrowser(clientAddress = `2001:db8:${(++clients).toString(16)}::1`) {
  const jar = new Map<string, string>();
  async function send(handler: Handler, path: string, init: RequestInit = {}): Promise<Answer> {
    const headers = new Headers(init.headers);
    headers.set("Cookie", [...jar].map(([name, value]) => `${name}=${value}`).join("; "));
    const request = new Request(`http://localhost:3000${path}`, { ...init, headers });
    const args = { request, params: {}, context: { requestId: "test", nonce: "n", clientAddress } };
    const answer: unknown = await Promise.resolve(handler(args as never)).catch((thrown: unknown) => thrown); // a handler takes what Remix gives it
    if (!(answer instanceof Response)) throw answer;
    for (const cookie of answer.headers.getSetCookie()) {
      const [pair = "", ...attributes] = cookie.split("; ");
      const [name = "", value = ""] = pair.split("=");
      if (attributes.includes("Max-Age=0")) jar.delete(name);
      else jar.set(name, value);
    }
    const text = await answer.text();
    const isJson = answer.headers.get("Content-Type")?.includes("json");
    return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
  }
  return {
    jar,
    get: (path = "/sign-in") => send(loader, path),
    post: (fields: Record<string, string>, path = "/sign-in") =>
      send(action, path, { method: "POST", body: new URLSearchParams(fields) }),
    send,
  };
}

async function newestCode(email: string): Promise<string> {
  const mail = await db().email.findFirstOrThrow({ where: { recipient: email }, orderBy: { id: "desc" } });
  return decrypt("email-secret", mail.secret ?? new Uint8Array(), mail.id);
}

async function signedInBrowser(email: string) {
  const browser = aBrowser();
  await browser.post({ email });
  const answer = await browser.post({ code: await newestCode(email) });
  expect(answer.status).toBe(303);
  return browser;
}

const sessions = () => db().customerSession.count();
const problems = ({ body }: Answer) =>
  (body as { form: { errors: Record<string, string>; formError?: string } }).form; // what a refusal holds

test("an address, then its code, opens the portal", async () => {
  const browser = aBrowser();
  const email = newEmail();
  const asked = await browser.post({ email: ` ${email.toUpperCase()} ` });
  expect([asked.status, asked.headers.get("Location")]).toEqual([303, "/sign-in?step=code"]);
  expect((await browser.get("/sign-in?step=code")).body).toMatchObject({
    step: "code",
    code: null,
    closed: null,
  });
  const answer = await browser.post({ code: await newestCode(email) }, "/sign-in?step=code");
  expect([answer.status, answer.headers.get("Location")]).toEqual([303, "/portal"]);
  expect((await browser.get()).headers.get("Location")).toBe("/portal");
});

test("a known and an unknown address get the same answers, byte for byte", async () => {
  const known = await aCustomer({ email: "aa-known@example.com" });
  const story = async (email: string) => {
    const browser = aBrowser();
    const answers = [
      await browser.post({ email }),
      await browser.get("/sign-in?step=code"),
      await browser.post({ code: "AAAA-AAAA" }),
      await browser.post({ resend: "yes" }),
    ];
    return answers.map(({ status, headers, body }) => ({
      status,
      headers: [...headers].map(([name, value]) => [
        name,
        name === "set-cookie" ? value.replace(/=[^;]+/, "=…") : value,
      ]),
      body,
    }));
  };
  expect(await story("an-unknown@example.com")).toEqual(await story(known.email));
});

test("five wrong codes close the flow with a message, and the right one no longer helps", async () => {
  const browser = aBrowser();
  const email = newEmail();
  await browser.post({ email });
  const code = await newestCode(email);
  const wrong = code.startsWith("0") ? "1AAAAAAA" : "0AAAAAAA";
  for (let i = 0; i < 4; i++) {
    const answer = await browser.post({ code: wrong });
    expect(answer.status).toBe(422);
    expect(problems(answer).errors.code).toMatch(/not the code/);
  }
  // The page no longer has the field, so the message belongs to the whole form.
  const last = await browser.post({ code: wrong });
  expect([last.status, problems(last).formError]).toEqual([422, expect.stringMatching(/last try/)]);
  const answer = await browser.post({ code });
  expect([answer.status, problems(answer).formError]).toEqual([422, expect.stringMatching(/closed/)]);
  expect((await browser.get("/sign-in?step=code")).body).toMatchObject({
    closed: expect.stringMatching(/closed/),
  });
  expect((await browser.get()).status).toBe(200);
});

test("an expired and a used code are refused with their own messages", async () => {
  const email = newEmail();
  const late = aBrowser();
  await late.post({ email });
  const start = Date.now();
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(start + 600_001);
  const expired = await late.post({ code: await newestCode(email) });
  expect([expired.status, problems(expired).formError]).toEqual([422, expect.stringMatching(/10 minutes/)]);
  vi.useRealTimers();

  const browser = aBrowser();
  await browser.post({ email });
  const code = await newestCode(email);
  const asIfCopied = new Map(browser.jar);
  expect((await browser.post({ code })).status).toBe(303);
  const second = aBrowser();
  for (const [name, value] of asIfCopied) second.jar.set(name, value);
  const used = await second.post({ code });
  expect([used.status, problems(used).formError]).toEqual([422, expect.stringMatching(/already used/)]);
});

test("a scanner that follows the link and presses every button without the cookie uses nothing up", async () => {
  const owner = aBrowser();
  const email = newEmail();
  await owner.post({ email });
  const code = await newestCode(email);
  const before = await sessions();
  const scanner = aBrowser();
  const link = `/sign-in?code=${code}`;
  await scanner.send(loader, link, { method: "HEAD" });
  expect((await scanner.get(link)).body).toMatchObject({
    step: "address",
    notice: expect.stringMatching(/browser/),
  });
  for (const fields of [{ code }, { resend: "yes" }, {}, { email: "", password: "" }])
    expect((await scanner.post(fields, link)).status).toBe(422);
  expect(await sessions()).toBe(before);
  expect(scanner.jar.size).toBe(0);
  expect((await owner.post({ code })).status).toBe(303);
});

test("the link fills the code in for the browser that asked and submits nothing", async () => {
  const browser = aBrowser();
  const email = newEmail();
  await browser.post({ email });
  const code = await newestCode(email);
  const before = await sessions();
  const page = await browser.get(`/sign-in?code=${code.toLowerCase()}`);
  expect(page.body).toMatchObject({ step: "code", code: `${code.slice(0, 4)}-${code.slice(4)}` });
  expect((await browser.get("/sign-in?code=%3Cscript%3E")).body).toMatchObject({ step: "code", code: null });
  expect(await sessions()).toBe(before);
});

test("a code typed in another browser's flow is refused", async () => {
  const mine = aBrowser();
  const theirs = aBrowser();
  const email = newEmail();
  await mine.post({ email });
  const code = await newestCode(email);
  await theirs.post({ email: newEmail() });
  expect((await theirs.post({ code })).status).toBe(422);
  expect((await mine.post({ code })).status).toBe(303);
});

test("the way back leads to pages of this site only", async () => {
  const targets = [
    ["/portal/licenses/lic_1?x=1", "/portal/licenses/lic_1?x=1"],
    ["https://evil.example/", "/portal"],
    ["//evil.example", "/portal"],
    ["/\\evil.example", "/portal"],
    ["javascript:alert(1)", "/portal"],
    ["/\t/evil.example", "/portal"],
  ];
  for (const [wanted = "", location] of targets) {
    const browser = aBrowser();
    const email = newEmail();
    await browser.post({ email }, `/sign-in?${new URLSearchParams({ redirectTo: wanted })}`);
    const answer = await browser.post({ code: await newestCode(email) });
    expect(answer.headers.get("Location"), wanted).toBe(location);
    const again = await browser.get(`/sign-in?${new URLSearchParams({ redirectTo: wanted })}`);
    expect(again.headers.get("Location"), `${wanted}, signed in`).toBe(location);
  }
});

test("bad input is refused with a message at its field, and what was typed is kept", async () => {
  const browser = aBrowser();
  const tooLong = `${"a".repeat(250)}@example.com`;
  for (const email of [
    "",
    "plain",
    "a@b",
    "@example.com",
    "a b@example.com",
    tooLong,
    "a@example.com\r\nBcc: x@y.zz",
    "пример@пример",
    "\u202e@example.com",
    "🦄",
  ]) {
    const answer = await browser.post({ email });
    expect(answer.status, JSON.stringify(email)).toBe(422);
    expect(problems(answer).errors.email, JSON.stringify(email)).toBeTruthy();
    expect(answer.body).toMatchObject({ form: { values: { email: email.trim() } } });
  }
  expect((await browser.post({})).status).toBe(422);
  const password = await browser.post({ email: "staff@example.com", password: "secret words" });
  expect(JSON.stringify(password.body)).not.toContain("secret words");
  const code = await browser.post({ code: "Ω".repeat(200) });
  expect([code.status, JSON.stringify(code.body).includes("Ω")]).toEqual([422, false]);
  const twice = await browser.send(action, "/sign-in", {
    method: "POST",
    body: new URLSearchParams([
      ["email", "a@example.com"],
      ["email", "b@example.com"],
    ]),
  });
  expect(twice.status).toBe(422);
  const json = await browser.send(action, "/sign-in", {
    method: "POST",
    body: '{"email":"a@example.com"}',
    headers: { "Content-Type": "application/json" },
  });
  expect(json.status).toBe(422);
});

test("another code can be asked for after a wait, and only the newest works", async () => {
  const browser = aBrowser();
  const email = newEmail();
  await browser.post({ email });
  const first = await newestCode(email);
  const early = await browser.post({ resend: "yes" });
  expect([early.status, problems(early).formError]).toEqual([429, expect.stringMatching(/wait \d+ seconds/)]);
  expect(Number(early.headers.get("Retry-After"))).toBeGreaterThan(0);
  const start = Date.now();
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(start + 31_000);
  expect((await browser.post({ resend: "yes" })).status).toBe(303);
  const second = await newestCode(email);
  expect(second).not.toBe(first);
  expect((await browser.post({ code: first })).status).toBe(422);
  expect((await browser.post({ code: second })).status).toBe(303);
});

test("a flooded address gets five mails an hour, its owner's known browser still gets in, and the wait is said", async () => {
  const email = newEmail();
  const owner = await signedInBrowser(email);
  await owner.send(signOutAction, "/sign-out", {
    method: "POST",
    body: new URLSearchParams({ as: "customer" }),
  });
  const statuses: number[] = [];
  for (let i = 0; i < 100; i++) {
    const answer = await aBrowser().post({ email });
    statuses.push(answer.status);
    if (answer.status !== 429) continue;
    expect(problems(answer).formError).toMatch(/wait \d+ minutes/);
    expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(3_000);
  }
  // One of the five was the owner's first sign-in, before the browser was known.
  expect(statuses.filter((status) => status === 303)).toHaveLength(4);
  expect(await db().email.count({ where: { recipient: email } })).toBe(5);
  expect((await owner.post({ email })).status).toBe(303);
  expect((await owner.post({ code: await newestCode(email) })).status).toBe(303);
});

test("an unknown address runs into the same limit at the same try", async () => {
  const email = newEmail();
  const statuses = [];
  for (let i = 0; i < 6; i++) statuses.push((await aBrowser().post({ email })).status);
  expect(statuses).toEqual([303, 303, 303, 303, 303, 429]);
});

test("one client, or one /64, gets twenty codes an hour and thirty tries in ten minutes", async () => {
  const statuses: number[] = [];
  for (let i = 0; i < 25; i++)
    statuses.push((await aBrowser(`2001:db8:feed:1::${i.toString(16)}`).post({ email: newEmail() })).status);
  expect(statuses.filter((status) => status === 303)).toHaveLength(20);
  const guesser = aBrowser();
  const tries: number[] = [];
  for (let i = 0; i < 35; i++) tries.push((await guesser.post({ code: "AAAAAAAA" })).status);
  expect(tries.filter((status) => status === 422)).toHaveLength(30);
  expect(tries.slice(30)).toEqual([429, 429, 429, 429, 429]);
});

test("guesses over hours open nothing and get five tries per mail", async () => {
  const email = newEmail();
  const start = Date.now();
  const before = await sessions();
  let tried = 0;
  vi.useFakeTimers({ toFake: ["Date"] });
  for (let hour = 0; hour < 4; hour++) {
    vi.setSystemTime(start + hour * 3_600_001);
    for (let flow = 0; flow < 10; flow++) {
      const attacker = aBrowser();
      if ((await attacker.post({ email })).status !== 303) continue;
      for (let i = 0; i < 20; i++) {
        const answer = await attacker.post({
          code: `${(hour * 1000 + flow * 100 + i).toString(10).padStart(8, "A")}`,
        });
        if (/not the code/.test(JSON.stringify(answer.body))) tried++;
      }
    }
  }
  expect(tried).toBe(4 * 5 * 5);
  expect(await sessions()).toBe(before);
});

test("staff sign in with a password and get no further with a wrong one", async () => {
  const password = "correct horse battery";
  await addStaff({ email: "olga@example.com", role: "owner", password, now: new Date() });
  const browser = aBrowser();
  expect((await browser.get("/sign-in?as=staff&redirectTo=/admin/orders")).body).toMatchObject({
    step: "staff",
    redirectTo: "/admin/orders",
  });
  const wrong = await browser.post({ email: "olga@example.com", password: "wrong" }, "/sign-in?as=staff");
  const unknown = await browser.post({ email: "nobody@example.com", password }, "/sign-in?as=staff");
  expect(wrong.status).toBe(422);
  expect(problems(wrong).formError).toBe(problems(unknown).formError);
  const right = await browser.post(
    { email: "olga@example.com", password },
    "/sign-in?as=staff&redirectTo=/admin/orders",
  );
  expect([right.status, right.headers.get("Location")]).toEqual([303, "/admin/orders"]);
  expect((await browser.get("/sign-in?as=staff")).headers.get("Location")).toBe("/admin");
  expect((await browser.get()).body).toMatchObject({ step: "address" });
});

test("five wrong passwords hold up the stranger, not the owner elsewhere nor on a known device", async () => {
  const password = "correct horse battery";
  const email = "boss@example.com";
  await addStaff({ email, role: "owner", password, now: new Date() });
  const known = aBrowser("203.0.113.5");
  for (let i = 0; i < 8; i++) expect((await known.post({ email, password })).status).toBe(303);
  const stranger = aBrowser("203.0.113.5");
  const statuses = [];
  for (let i = 0; i < 6; i++) statuses.push((await stranger.post({ email, password: `wrong ${i}` })).status);
  expect(statuses).toEqual([422, 422, 422, 422, 422, 429]);
  const right = await stranger.post({ email, password });
  expect([right.status, problems(right).formError]).toEqual([429, expect.stringMatching(/wait 15 minutes/)]);
  expect((await known.post({ email, password })).status).toBe(303);
  expect((await aBrowser().post({ email, password })).status).toBe(303);
});

test("a known device is known only for the addresses that signed in on it, and cannot be made up", async () => {
  const email = newEmail();
  const browser = await signedInBrowser(email);
  const cookie = browser.jar.get("latchkey-device") ?? "";
  const known = (value: string, of: string) =>
    knownDevice(
      new Request("http://localhost:3000/", { headers: { Cookie: `latchkey-device=${value}` } }),
      of,
    );
  expect(known(cookie, email)).not.toBeNull();
  expect(known(cookie, "other@example.com")).toBeNull();
  const [id = "", signature = ""] = cookie.split(".");
  const forged = [
    id,
    `${id}.`,
    `${id}.${"A".repeat(43)}`,
    `${"A".repeat(43)}.${signature}`,
    `.${signature}`,
    "",
    "%",
    ".",
  ];
  for (const value of forged) expect(known(value, email), value).toBeNull();
});

test("a new sign-in replaces the token, and signing out ends it", async () => {
  const email = newEmail();
  const browser = await signedInBrowser(email);
  const first = browser.jar.get("latchkey-session") ?? "";
  await browser.post({ email });
  await browser.post({ code: await newestCode(email) });
  const second = browser.jar.get("latchkey-session") ?? "";
  expect(second).not.toBe(first);
  const thief = aBrowser();
  thief.jar.set("latchkey-session", first);
  expect((await thief.get()).body).toMatchObject({ step: "address" });
  const out = await browser.send(signOutAction, "/sign-out", {
    method: "POST",
    body: new URLSearchParams({ as: "customer" }),
  });
  expect([out.status, out.headers.get("Location"), browser.jar.has("latchkey-session")]).toEqual([
    303,
    "/",
    false,
  ]);
  thief.jar.set("latchkey-session", second);
  expect((await thief.get()).body).toMatchObject({ step: "address" });
});

test("signing out by GET is refused and ends nothing", async () => {
  const browser = await signedInBrowser(newEmail());
  const answer = await browser.send(signOutLoader, "/sign-out");
  expect([answer.status, answer.headers.get("Allow")]).toEqual([405, "POST"]);
  expect((await browser.get()).status).toBe(303);
});

test("on https every cookie is __Host-, Secure, HttpOnly, SameSite=Lax and for the whole site", async () => {
  const env = getEnv();
  setRuntimeEnv({ ...env, appUrl: "https://licenses.example.com" });
  const email = newEmail();
  const browser = aBrowser();
  const asked = await browser.post({ email });
  const signedIn = await browser.post({ code: await newestCode(email) });
  const out = await browser.send(signOutAction, "/sign-out", { method: "POST", body: new FormData() });
  setRuntimeEnv(env);
  const cookies = [asked, signedIn, out].flatMap(({ headers }) => headers.getSetCookie());
  expect(cookies).toHaveLength(6);
  for (const cookie of cookies) {
    const [pair, ...attributes] = cookie.split("; ");
    expect(pair).toMatch(/^__Host-latchkey-(session|sign-in|device|flash)=/);
    expect(attributes).toEqual(expect.arrayContaining(["Path=/", "HttpOnly", "SameSite=Lax", "Secure"]));
    expect(cookie).not.toMatch(/Domain/i);
  }
});
