import { expect, test } from "vitest";
import { type EmailState, emailKinds, emailStates } from "#app/domain/email-outbox/email.ts";
import { getEmail, listEmails } from "#app/domain/email-outbox/email-outbox.queries.server.ts";
import { newId } from "#app/domain/ids.ts";
import { db } from "#app/infra/db.server.ts";
import { aCustomer, anOrder } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();

const at = new Date("2026-11-21T12:00:00Z");
const stateColumns: Record<EmailState, object> = {
  queued: {},
  sent: { sentAt: at, failedAt: null },
  failed: { failedAt: at },
  dropped: { droppedAt: at },
};

// Few enough for all their mails to fit on one page.
const kinds = emailKinds.slice(0, 6);
const customer = await aCustomer({ email: "anne_b@example.com" });
const order = await anOrder({ customerId: customer.id });
for (const kind of kinds)
  for (const state of emailStates)
    for (const recipient of ["anne_b@example.com", "annexb@example.com"])
      await db().email.create({
        data: {
          id: newId("mail"),
          kind,
          causeKey: newId("sub"),
          recipient,
          orderId: recipient === customer.email ? order.id : null,
          customerId: recipient === customer.email ? customer.id : null,
          secret: Buffer.from("sealed"),
          messageId: "<x@example.com>",
          nextAttemptAt: at,
          createdAt: at,
          ...stateColumns[state],
        },
      });
const total = kinds.length * emailStates.length * 2;

test("paging down and up again shows every mail once, though all were written in the same instant", async () => {
  const seen: string[] = [];
  let page = await listEmails({ limit: 7 });
  const pages = [page];
  while (page.next) {
    page = await listEmails({ limit: 7, after: page.next });
    pages.push(page);
  }
  for (const each of pages) seen.push(...each.rows.map((row) => row.id));
  expect(seen).toHaveLength(total);
  expect(new Set(seen).size).toBe(total);
  expect(seen).toEqual([...seen].sort().reverse());
  const up = await listEmails({ limit: 7, before: page.previous ?? "" });
  expect(up.rows.map((row) => row.id)).toEqual(pages.at(-2)?.rows.map((row) => row.id));
});

test("each state and kind finds exactly its mails", async () => {
  for (const state of emailStates) {
    const { rows } = await listEmails({ state, limit: 100 });
    expect(rows).toHaveLength(kinds.length * 2);
    expect(rows.every((row) => row.state === state)).toBe(true);
  }
  for (const kind of kinds) {
    const { rows } = await listEmails({ kind, limit: 100 });
    expect(rows).toHaveLength(emailStates.length * 2);
  }
});

test("a search finds parts of an address literally and whole ids of what a mail is about", async () => {
  const count = async (q: string) => (await listEmails({ q, limit: 100 })).rows.length;
  expect(await count("@example")).toBe(total);
  expect(await count("ANNE_B@")).toBe(total / 2);
  expect(await count("%")).toBe(0);
  expect(await count(order.id)).toBe(total / 2);
  expect(await count(customer.id)).toBe(total / 2);
  expect(await count("mail_none")).toBe(0);
});

test("a mangled cursor shows the first page", async () => {
  for (const cursor of ["x", "%00", Buffer.from('["x","y"]').toString("base64url")])
    expect((await listEmails({ after: cursor, limit: 3 })).previous).toBeNull();
});

test("one mail comes with its order and customer and without its secret", async () => {
  const { rows } = await listEmails({ q: "anne_b", limit: 1 });
  const email = await getEmail(rows[0]?.id ?? "");
  expect(email).toMatchObject({ order: { number: order.number }, customer: { email: customer.email } });
  expect(JSON.stringify([email, rows])).not.toContain("secret");
  expect(await getEmail("mail_none")).toBeNull();
  expect(await getEmail("a\0b")).toBeNull();
});
