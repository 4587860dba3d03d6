import { expect, test } from "vitest";
import { type QueuedEmail, queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import { readKey } from "#app/domain/license/license-key.server.ts";
import {
  previewEmail,
  type RenderedEmail,
  renderEmail,
  shopNameOf,
} from "#app/emails/render-email.server.tsx";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { aCustomer, aLicense, anOrder, aPolicy, aProduct } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

const appUrl = "https://licenses.lumen.example";
await useTestRuntime({ appUrl, mailFrom: "Lumen Software <hello@lumen.example>" });

const now = new Date("2026-11-21T12:00:00Z");
const code = "7KQ2M9XB";

type Kind = Parameters<typeof queueEmail>[1]["kind"];
let causes = 0;
async function aRow<K extends Kind>(email: Pick<QueuedEmail<K>, "kind" | "props" | "secret">) {
  const causeKey = `cause ${++causes}`;
  await inTransaction((tx) => queueEmail<K>(tx, { now, causeKey, recipient: "buyer@example.com", ...email }));
  return db().email.findFirstOrThrow({ where: { causeKey } });
}

async function rendered(row: Awaited<ReturnType<typeof aRow>>, reveal = true): Promise<RenderedEmail> {
  const result = await renderEmail(row, { reveal, now });
  if ("dropped" in result) throw new Error(result.dropped);
  return result;
}

async function aLumenLicense(
  columns: { term?: string; name?: string; paidUntil?: Date; updatesUntil?: Date } = {},
) {
  const product = await aProduct({ name: columns.name ?? "Lumen" });
  const policy = await aPolicy({ productId: product.id, name: "Studio", term: columns.term ?? "perpetual" });
  const customer = await aCustomer();
  const order = await anOrder({ customerId: customer.id });
  return aLicense({
    policyId: policy.id,
    customerId: customer.id,
    orderId: order.id,
    paidUntil: columns.paidUntil ?? null,
    updatesUntil: columns.updatesUntil ?? null,
  });
}

/** One row of each kind whose mail would hold a key or a code, with what must not be seen. */
async function secretRows() {
  const license = await aLumenLicense();
  if (!license.orderId) throw new Error("the license has no order");
  const licenseId = license.id;
  const rows = [
    await aRow({ kind: "license-issued", props: { orderId: license.orderId } }),
    await aRow({ kind: "license-resent", props: { licenseId } }),
    await aRow({ kind: "license-changed", props: { licenseId, change: "extended" } }),
    await aRow({ kind: "sign-in-code", props: { expiresAt: "2026-11-21T12:10:00.000Z" }, secret: code }),
  ];
  return { rows, key: readKey(license) };
}

test("a masked mail holds no key and no code, in no part of it", async () => {
  const { rows, key } = await secretRows();
  const groups = key.split("-").slice(1, -1);
  for (const row of rows) {
    const { subject, html, text } = await rendered(row, false);
    for (const part of [subject, html, text]) {
      for (const group of groups) expect(part, row.kind).not.toContain(group);
      for (const piece of [code, "7KQ2", "M9XB"]) expect(part, row.kind).not.toContain(piece);
    }
    expect(text).toContain("••••");
  }
});

test("every link of every mail leads to APP_URL", async () => {
  const { rows } = await secretRows();
  for (const row of rows) {
    const { html } = await rendered(row);
    const links = [...html.matchAll(/(?:href|src|action)="([^"]*)"/g)].map((match) => match[1] ?? "");
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) expect(new URL(link).origin).toBe(appUrl);
    expect(html).not.toMatch(/<script|<img|url\(/i);
  }
});

test("a mail says of each kind of license whether and when it ends", async () => {
  const paidUntil = new Date("2027-11-21T12:00:00Z");
  const words = async (columns: Parameters<typeof aLumenLicense>[0]) => {
    const license = await aLumenLicense(columns);
    return (await rendered(await aRow({ kind: "license-resent", props: { licenseId: license.id } }))).text;
  };
  expect(await words({})).toContain("Never ends");
  expect(await words({ updatesUntil: paidUntil })).toContain(
    "New versions are included until 21 November 2027",
  );
  expect(await words({ term: "days", paidUntil })).toContain("Ends on 21 November 2027 (UTC)");
  expect(await words({ term: "subscription", paidUntil })).toContain("Paid until 21 November 2027 (UTC)");
  expect(await words({ term: "days", paidUntil: new Date("2026-11-01T00:00:00Z") })).toContain("Ended on");
});

test("the keys mail names product, order, key, devices and where to find it again", async () => {
  const license = await aLumenLicense();
  const order = await db().order.findUniqueOrThrow({ where: { id: license.orderId ?? "" } });
  const { subject, text } = await rendered(
    await aRow({ kind: "license-issued", props: { orderId: order.id } }),
  );
  expect(subject).toBe(`Your Lumen license key (order #${order.number})`);
  expect(text.split("\n")).toContain(readKey(license));
  expect(text).toContain("Up to 3 devices");
  expect(text).toContain(`${appUrl}/portal/licenses/${license.id}`);
});

test("each change of a license has its own words, with the note of staff as plain text", async () => {
  const license = await aLumenLicense({ term: "days", paidUntil: new Date("2027-11-21T12:00:00Z") });
  const note = "Sorry.\n<b>Two</b> weeks & more.";
  const props = { licenseId: license.id, change: "extended" as const, note };
  const mail = await rendered(await aRow({ kind: "license-changed", props }));
  expect(mail.subject).toBe("Your Lumen license has a new end date");
  expect(mail.text).toContain("Ends on 21 November 2027");
  expect(mail.text).toContain("<b>Two</b> weeks & more.");
  expect(mail.html).toContain("&lt;b&gt;Two&lt;/b&gt; weeks &amp; more.");
  await db().license.update({ where: { id: license.id }, data: { revokedAt: now } });
  const revoked = await rendered(
    await aRow({ kind: "license-changed", props: { licenseId: license.id, change: "revoked" } }),
  );
  expect(revoked.subject).toBe("Your Lumen license was revoked");
  expect(revoked.text).toContain("this is final");
  expect(revoked.text).not.toContain("Ends on");
});

test("a product name with a line break stays one line of subject", async () => {
  const license = await aLumenLicense({ name: "Lumen\r\nBcc: victim@example.com" });
  const { subject } = await rendered(
    await aRow({ kind: "license-resent", props: { licenseId: license.id } }),
  );
  expect(subject).toBe("Your Lumen Bcc: victim@example.com license key, sent again");
});

test("a long mail in letters of several bytes holds each of them and nothing else", async () => {
  const name = "写真機🎞️".repeat(7);
  const license = await aLumenLicense({ name });
  for (const length of [1, 2, 3, 4]) {
    const note = `${"a".repeat(length)}${"ü€𝄞写".repeat(1_500)}`;
    const props = { licenseId: license.id, change: "extended" as const, note };
    const { html, text } = await rendered(await aRow({ kind: "license-changed", props }));
    expect(html).not.toMatch(/[\0\uFFFD]/);
    expect(html).toContain(note);
    expect(html).toContain(name);
    expect(text).toContain(note);
  }
});

test("staff still see a mail that is no longer true, and are told when there is nothing to see", async () => {
  const license = await aLumenLicense();
  const row = await aRow({ kind: "license-resent", props: { licenseId: license.id } });
  await db().license.update({ where: { id: license.id }, data: { revokedAt: now } });
  expect(await renderEmail(row, { reveal: false, now })).toEqual({ dropped: "The license was revoked." });
  expect(await previewEmail(row, { reveal: false, now })).toHaveProperty("html");
  const gone = await aRow({ kind: "license-resent", props: { licenseId: "lic_gone" } });
  expect(await previewEmail(gone, { reveal: false, now })).toEqual({
    unavailable: "The license no longer exists.",
  });
  const foreign = await previewEmail({ ...row, props: { other: 1 } }, { reveal: false, now });
  expect(foreign).toEqual({ unavailable: "This mail cannot be written. The server log says why." });
});

test("the shop is called what MAIL_FROM calls it", () => {
  expect(shopNameOf("Lumen Software <hello@lumen.example>")).toBe("Lumen Software");
  expect(shopNameOf('"Lumen, Inc." <hello@lumen.example>')).toBe("Lumen, Inc.");
  expect(shopNameOf("hello@lumen.example")).toBe("hello@lumen.example");
  expect(shopNameOf("<hello@lumen.example>")).toBe("hello@lumen.example");
});
