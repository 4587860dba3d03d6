import { expect, test } from "vitest";
import { type EmailKind, emailKinds } from "#app/domain/email-outbox/email.ts";
import { emailKindLabels } from "#app/domain/email-outbox/email-words.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import { previewEmail, type RenderedEmail, renderEmail } from "#app/emails/render-email.server.tsx";
import { db } from "#app/infra/db.server.ts";
import type { Email } from "#app/infra/prisma-client/client.ts";
import { aHold, anEmail, aSubscriber, at, everyEmail, now } from "#tests/every-email.ts";
import { anOrder, aPolicy } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";
import { anInvoice, aSubscriptionItem } from "#tests/subscription-facts.ts";

const appUrl = "https://licenses.lumen.example";
await useTestRuntime({ appUrl, mailFrom: "Lumen Software <hello@lumen.example>" });

async function rendered(row: Email): Promise<RenderedEmail> {
  const result = await renderEmail(row, { reveal: true, now });
  if ("dropped" in result) throw new Error(`${row.kind}: ${result.dropped}`);
  return result;
}

const mailOf = async (kind: EmailKind) => rendered(await everyEmail[kind]());
const flat = (text: string) => text.replace(/\s+/g, " ");

for (const kind of emailKinds)
  test(`a mail of the kind ${kind} says what it is about, in one language of signs and links`, async () => {
    const row = await everyEmail[kind]();
    const { subject, html, text } = await rendered(row);
    expect(subject).toMatch(/^\S.{10,}\S$/);
    for (const part of [subject, html, text])
      expect(part, "a value is missing from a sentence").not.toMatch(/undefined|null|NaN|Invalid|\[object/);
    expect(html).toContain('lang="en"');
    expect(html.match(/<h1/g)).toHaveLength(1);
    expect(html).not.toMatch(/<script|<img|url\(/i);
    expect(text.length).toBeGreaterThan(150);
    expect(text).not.toMatch(/ {2}\S|\s[,.;]/);
    const links = [...html.matchAll(/(?:href|src|action)="([^"]*)"/g)].map((match) => match[1] ?? "");
    expect(links.length).toBeGreaterThan(kind === "payment-pending" ? 0 : 1);
    for (const link of links) expect([appUrl, "https://invoice.stripe.com"]).toContain(new URL(link).origin);
    expect(emailKindLabels[kind]).toMatch(/^[A-Z]/);
    expect(await previewEmail(row, { reveal: false, now })).toHaveProperty("subject", subject);
  });

test("only the mails that bring a key or a code hold one, even when they may", async () => {
  const bringing: EmailKind[] = ["license-issued", "license-resent", "sign-in-code"];
  for (const kind of emailKinds) {
    const { html, text } = await mailOf(kind);
    const licenses = await db().license.findMany();
    const seen = licenses.some((license) => `${html} ${text}`.includes(readKey(license)));
    expect(seen || text.includes("7KQ2"), kind).toBe(bringing.includes(kind));
  }
});

test("a failed renewal says how much, until when it works, when it is tried again and where to pay", async () => {
  const { subject, text, html } = await mailOf("renewal-failed");
  expect(subject).toBe("Lumen: your renewal payment failed");
  const words = flat(text);
  expect(words).toContain("We could not collect $45.00 (invoice LUMEN-0002) for Lumen: Studio.");
  expect(words).toContain("Your licenses work until 8 December 2026 (UTC).");
  expect(words).toContain("We try again on 4 December 2026 (UTC).");
  expect(html).toContain('href="https://invoice.stripe.com/i/acct_1/test_1"');
  expect(html).toMatch(new RegExp(`href="${appUrl}/portal/licenses/lic_`));
});

test("the last reminder says that nobody tries again and that nothing works any more", async () => {
  const { id, store, licenseIds } = await aSubscriber({ paidUntil: at(-8) });
  await store({ status: "unpaid", invoices: [anInvoice({ attemptCount: 4 })] });
  await aHold(licenseIds, `unpaid:${id}`);
  const props = { subscriptionId: id, invoiceId: "in_1", stage: "final" as const };
  const { subject, text } = await rendered(await anEmail("renewal-failed", props));
  expect(subject).toBe("Lumen: last reminder about your unpaid renewal");
  expect(flat(text)).toContain("At present your licenses do not work");
  expect(flat(text)).toContain("There is no further try by itself");
});

test("an address that is none of the web never becomes a link", async () => {
  const { id, store } = await aSubscriber({ paidUntil: at(-1), graceUntil: at(6) });
  await store({ status: "past_due", invoices: [anInvoice({ hostedInvoiceUrl: "javascript:alert(1)" })] });
  const props = { subscriptionId: id, invoiceId: "in_1", stage: "first" as const };
  const { html, text } = await rendered(await anEmail("renewal-failed", props));
  expect(html + text).not.toContain("javascript");
});

test("a reminder has words of its own for dated, perpetual, renewing and canceled licenses", async () => {
  const dated = await mailOf("license-ending");
  expect(dated.subject).toBe("Your Atlas license ends on 9 December 2026");
  expect(flat(dated.text)).toContain("ends in 7 days It ends on 9 December 2026 (UTC).");
  expect(dated.html).toMatch(/\/portal\/licenses\/lic_\w+\?renew"/);

  const yearly = { interval: "year", periodStart: at(-335), periodEnd: at(30) };
  const { id, licenseIds, store, licenses } = await aSubscriber({ paidUntil: at(30) });
  await store({ items: [aSubscriptionItem(yearly)] });
  const soon = { licenseIds, end: at(30).toISOString(), daysLeft: 30 as const };
  const renews = await rendered(await anEmail("license-ending", soon));
  expect(renews.subject).toBe("Your Lumen licenses renew on 1 January 2027");
  expect(flat(renews.text)).toContain("for $45.00 per year (before taxes and discounts)");
  expect(renews.text).not.toMatch(/\?renew/);

  await db().license.updateMany({ where: { sourceId: id }, data: { paidUntil: at(0.5) } });
  await store({ cancelAt: at(0.5) });
  const last = { licenseIds, end: at(0.5).toISOString(), daysLeft: 0 as const };
  const canceled = await rendered(await anEmail("license-ending", last));
  expect(flat(canceled.text)).toContain(
    "The subscription was canceled, so they end on 3 December 2026, 00:00 UTC",
  );

  const perpetual = await aPolicy({ term: "perpetual" });
  const [license] = licenses;
  const unlimited = { policyId: perpetual.id, term: "perpetual", paidUntil: null, sourceId: null };
  await db().license.update({
    where: { id: license?.id ?? "" },
    data: { ...unlimited, updatesUntil: at(30), issuedAt: at(-335) },
  });
  const updates = await rendered(
    await anEmail("license-ending", { ...soon, licenseIds: [license?.id ?? ""] }),
  );
  expect(updates.subject).toBe("Updates for your Lumen license end on 1 January 2027");
  expect(flat(updates.text)).toContain("Your license itself never ends");
});

test("a trial is told with what it costs afterwards, and its keys say that it is one", async () => {
  const { id, order, store } = await aSubscriber({ paidUntil: at(3) });
  await store({ status: "trialing", trialStart: at(-11), trialEnd: at(3) });
  const props = { subscriptionId: id, trialEnd: at(3).toISOString() };
  const { subject, text } = await rendered(await anEmail("trial-ending", props));
  expect(subject).toBe("Your free trial of Lumen ends on 5 December 2026");
  expect(flat(text)).toContain("goes on by itself, for $45.00 per month (before taxes and discounts)");
  const keys = await rendered(await anEmail("license-issued", { orderId: order.id }));
  expect(keys.text).toContain("Free trial until 5 December 2026 (UTC)");
  expect(keys.text).not.toContain("Paid until");
});

test("each reason for a suspension has its own remedy", async () => {
  const suspended = async (cause: string, reason: string) => {
    const { licenseIds } = await aSubscriber();
    await aHold(licenseIds, cause, reason);
    return flat((await rendered(await anEmail("license-suspended", { licenseIds, cause }))).text);
  };
  expect(await suspended("dispute:dp_1", "The payment is disputed.")).toContain(
    "withdraw the dispute at your bank",
  );
  expect(await suspended("pause:sub_x", "The subscription is paused.")).toContain(
    "to resume the subscription",
  );
  expect(await suspended("unpaid:sub_x", "The renewal has not been paid.")).toContain("update your card");
});

test("seats that are devices of one key are not told as keys", async () => {
  const { id } = await aSubscriber({ count: 1, seats: 5 });
  const props = { subscriptionId: id, before: 3, after: 5 };
  const { subject, text } = await rendered(await anEmail("seats-changed", props));
  expect(subject).toBe("Your Lumen subscription now has 5 seats");
  expect(flat(text)).toContain("only the number of devices it may run on has changed");
  const keys = await mailOf("seats-changed");
  expect(flat(keys.text)).toContain("1 key was added");
});

test("a refund names the sum and what holds for the license when it is written", async () => {
  const full = await mailOf("refunded");
  expect(full.subject).toMatch(/^Your refund of \$45\.00 \(order #\d+\)$/);
  expect(flat(full.text)).toContain("suspended");
  const { order } = await aSubscriber();
  const props = { orderId: order.id, amount: 500, currency: "jpy", full: false };
  const partial = await rendered(await anEmail("refunded", props));
  expect(flat(partial.text)).toContain("¥500");
  expect(flat(partial.text)).toContain("The licenses of this order work as before");
  const none = await anOrder();
  const withoutLicense = await anEmail("refunded", { ...props, orderId: none.id, full: true });
  expect(flat((await rendered(withoutLicense)).text)).toContain("No license was issued");
});

test("a purchase of many seats names ten and leads to the others", async () => {
  const { licenseIds } = await aSubscriber({ count: 12 });
  const { text, html } = await rendered(
    await anEmail("license-reinstated", { licenseIds, cause: "pause:sub_1" }),
  );
  expect(flat(text)).toContain("2 more licenses of this purchase");
  expect(html.match(/\/portal\/licenses\//g)).toHaveLength(10);
});
