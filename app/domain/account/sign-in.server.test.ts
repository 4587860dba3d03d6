import { createHash, createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { getSignInFlow, requestCode, submitCode } from "#app/domain/account/sign-in.server.ts";
import { formatSignInCode } from "#app/domain/account/sign-in.ts";
import { db, pool } from "#app/infra/db.server.ts";
import { decrypt, sha256Hex } from "#app/infra/secrets.server.ts";
import { createCustomerSession, getCustomerSession } from "#app/infra/session-store.server.ts";
import { aCustomer, aLicense } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();

const minutes = (count: number) => new Date(Date.now() + count * 60_000);
const browser = { previousToken: null, userAgent: "Test browser", requestId: null };
let people = 0;

async function ask(email = `person${++people}@example.com`, existingFlowToken: string | null = null) {
  const now = new Date();
  const { flowToken } = await requestCode({ email, redirectTo: "/portal", existingFlowToken, now });
  return { email, flowToken, code: await mailedCode(flowToken) };
}

/** What the worker would write into the mail. */
async function mailedCode(flowToken: string): Promise<string> {
  const mail = await db().email.findFirstOrThrow({ where: { causeKey: sha256Hex(flowToken) } });
  if (!mail.secret) throw new Error("the mail has no code");
  return decrypt("email-secret", mail.secret, mail.id);
}

function submit(flowToken: string | null, code: string, now = new Date()) {
  return submitCode({ ...browser, flowToken, code, now });
}

function wrong(code: string): string {
  return (code.startsWith("0") ? "1" : "0") + code.slice(1);
}

/** Every value of every table, as text. */
async function everyValue(): Promise<string> {
  const { rows } = await pool().query<{ table_name: string }>(
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
  );
  const dumps = rows.map(({ table_name }) => pool().query(`SELECT t::text AS row FROM "${table_name}" t`));
  return (await Promise.all(dumps)).flatMap(({ rows: all }) => all.map(({ row }) => String(row))).join("\n");
}

test("the code from the mail signs in and finds what was bought as a guest with that address", async () => {
  const buyer = await aCustomer({ email: "guest@example.com" });
  const license = await aLicense({ customerId: buyer.id });
  const { flowToken, code } = await ask("guest@example.com");
  const answer = await submit(flowToken, formatSignInCode(code).toLowerCase());
  if (answer.outcome !== "signed-in") throw new Error(answer.outcome);
  expect(answer).toMatchObject({ customerId: buyer.id, email: "guest@example.com", redirectTo: "/portal" });
  const session = await getCustomerSession(answer.session.token);
  expect(session).toMatchObject({ userId: buyer.id, email: "guest@example.com" });
  expect(await db().license.findMany({ where: { customerId: buyer.id } })).toMatchObject([
    { id: license.id },
  ]);
  const events = await db().auditLog.findMany({ where: { customerId: buyer.id } });
  expect(events.map((row) => row.event)).toEqual(["customer.signed-in"]);
});

test("an address nobody knew becomes a customer at its first sign-in, once", async () => {
  const { email, flowToken, code } = await ask();
  expect(await db().customer.findUnique({ where: { email } })).toBeNull();
  const first = await submit(flowToken, code);
  const again = await ask(email);
  const second = await submit(again.flowToken, again.code);
  expect([first.outcome, second.outcome]).toEqual(["signed-in", "signed-in"]);
  const customer = await db().customer.findUniqueOrThrow({ where: { email } });
  const events = await db().auditLog.findMany({
    where: { customerId: customer.id },
    orderBy: { seq: "asc" },
  });
  expect(events.map((row) => row.event)).toEqual([
    "customer.created",
    "customer.signed-in",
    "customer.signed-in",
  ]);
});

test("asking runs the same statements for a known and an unknown address", async () => {
  const known = await aCustomer();
  await ask(known.email);
  const statements: string[] = [];
  const record = (client: { query: (...args: never[]) => unknown }) => {
    const query = client.query.bind(client);
    Object.assign(client, {
      query: (...args: never[]) => {
        const [first]: unknown[] = args;
        statements.push(typeof first === "string" ? first : JSON.stringify(Object(first).text));
        return query(...args);
      },
    });
  };
  const during = async (email: string) => {
    statements.length = 0;
    await requestCode({ email, redirectTo: "/portal", existingFlowToken: null, now: new Date() });
    // The worker is woken for either address; one wake-up in 25 ms may serve several.
    return statements.filter((statement) => !statement.includes("pg_notify"));
  };
  // The pool hands out its idle connections again, so it is enough to listen to each once.
  const heard = new Set<unknown>();
  pool().on("acquire", (client) => {
    if (heard.has(client)) return;
    heard.add(client);
    record(client);
  });
  const forKnown = await during(known.email);
  const forUnknown = await during("nobody@example.com");
  expect(forKnown.length).toBeGreaterThan(3);
  expect(forUnknown).toEqual(forKnown);
  expect(forKnown.join("\n")).not.toMatch(/"customer"/);
});

test("five wrong codes close the flow, and then the right one is refused too", async () => {
  const { email, flowToken, code } = await ask();
  for (const triesLeft of [4, 3, 2, 1, 0])
    expect(await submit(flowToken, wrong(code))).toEqual({ outcome: "wrong", triesLeft });
  expect(await submit(flowToken, wrong(code))).toEqual({ outcome: "too-many-tries" });
  expect(await submit(flowToken, code)).toEqual({ outcome: "too-many-tries" });
  expect(await db().customer.findUnique({ where: { email } })).toBeNull();
});

test("what cannot be a code takes no try", async () => {
  const { flowToken, code } = await ask();
  for (let i = 0; i < 6; i++) expect(await submit(flowToken, "ABC")).toEqual({ outcome: "malformed" });
  expect((await submit(flowToken, code)).outcome).toBe("signed-in");
});

test("a code is refused after ten minutes and after its first use", async () => {
  const late = await ask();
  expect(await submit(late.flowToken, late.code, minutes(10))).toEqual({ outcome: "expired" });
  expect((await submit(late.flowToken, late.code, minutes(9.9))).outcome).toBe("signed-in");
  expect(await submit(late.flowToken, late.code)).toEqual({ outcome: "used" });
});

test("a code counts only in the flow it was sent for", async () => {
  const mine = await ask();
  const theirs = await ask(mine.email);
  expect((await submit(theirs.flowToken, mine.code)).outcome).toBe("wrong");
  expect(await submit(null, mine.code)).toEqual({ outcome: "no-flow" });
  expect(await submit("made-up", mine.code)).toEqual({ outcome: "no-flow" });
  expect(await submit(sha256Hex(mine.flowToken), mine.code)).toEqual({ outcome: "no-flow" });
  expect((await submit(mine.flowToken, mine.code)).outcome).toBe("signed-in");
});

test("asking again closes the flow before", async () => {
  const first = await ask();
  const second = await ask(first.email, first.flowToken);
  expect(await getSignInFlow(first.flowToken, new Date())).toBeNull();
  expect(await submit(first.flowToken, first.code)).toEqual({ outcome: "no-flow" });
  expect((await submit(second.flowToken, second.code)).outcome).toBe("signed-in");
});

test("fifty submits of the right code at once open exactly one session", async () => {
  const { email, flowToken, code } = await ask();
  const answers = await Promise.all(Array.from({ length: 50 }, () => submit(flowToken, code)));
  const outcomes = answers.map((answer) => answer.outcome);
  expect(outcomes.filter((outcome) => outcome === "signed-in")).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === "used")).toHaveLength(49);
  const customer = await db().customer.findUniqueOrThrow({ where: { email }, include: { sessions: true } });
  expect(customer.sessions).toHaveLength(1);
});

test("fifty wrong submits at once get five tries together", async () => {
  const { flowToken, code } = await ask();
  const answers = await Promise.all(Array.from({ length: 50 }, () => submit(flowToken, wrong(code))));
  const left = answers.flatMap((answer) => (answer.outcome === "wrong" ? [answer.triesLeft] : []));
  expect(left.sort()).toEqual([0, 1, 2, 3, 4]);
});

test("a sign-in ends the session the browser held before", async () => {
  const planted = await db().$transaction(async (tx) => {
    const { id: customerId } = await aCustomer();
    return createCustomerSession(tx, { customerId, previousToken: null, userAgent: null, now: new Date() });
  });
  const { flowToken, code } = await ask();
  const answer = await submitCode({
    ...browser,
    previousToken: planted.token,
    flowToken,
    code,
    now: new Date(),
  });
  if (answer.outcome !== "signed-in") throw new Error(answer.outcome);
  expect(answer.session.token).not.toBe(planted.token);
  expect(await getCustomerSession(planted.token)).toBeNull();
  expect(await getCustomerSession(answer.session.token)).not.toBeNull();
});

test("nothing in the database is a token or a code, and no row's value opens a session", async () => {
  const asked = await ask();
  const answer = await submit(asked.flowToken, asked.code);
  const open = await ask();
  if (answer.outcome !== "signed-in") throw new Error(answer.outcome);
  const stored = await everyValue();
  for (const secret of [asked.flowToken, asked.code, open.flowToken, open.code, answer.session.token]) {
    expect(stored).not.toContain(secret);
    expect(stored).not.toContain(Buffer.from(secret).toString("hex"));
  }
  const id = sha256Hex(answer.session.token);
  expect(stored).toContain(id);
  expect(await getCustomerSession(id)).toBeNull();
});

test("a stored code cannot be found by trying: without the secret key the right code matches nothing", async () => {
  const { flowToken, code } = await ask();
  const id = sha256Hex(flowToken);
  const { codeHmac } = await db().signInFlow.findUniqueOrThrow({ where: { id } });
  const guesses = [code, id + code, code + id].flatMap((text) => [
    createHash("sha256").update(text).digest("hex"),
    createHmac("sha256", "").update(text).digest("hex"),
    createHmac("sha256", id).update(text).digest("hex"),
  ]);
  expect(guesses).not.toContain(codeHmac);
});
