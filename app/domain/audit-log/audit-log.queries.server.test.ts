import { expect, test } from "vitest";
import { listAuditLog } from "#app/domain/audit-log/audit-log.queries.server.ts";
import { type AuditEntry, recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { inTransaction } from "#app/infra/db.server.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();

const anna = { type: "staff", id: "staff_anna", label: "anna@example.com" } as const;
const now = new Date("2026-11-21T10:00:00Z");

const record = (entry: Partial<AuditEntry>) =>
  inTransaction((tx) =>
    recordAudit(tx, {
      now,
      actor: { type: "system", label: "timer" },
      event: "order.created",
      target: { type: "order", id: "ord_0" },
      ...entry,
    }),
  );

for (let n = 1; n <= 8; n++) await record({ target: { type: "order", id: `ord_${n}` }, orderId: `ord_${n}` });
await record({
  actor: anna,
  event: "license.revoked",
  target: { type: "license", id: "lic_1" },
  licenseId: "lic_1",
  customerId: "cust_1",
  reason: "Asked for it: 100% refund",
  requestId: "req-1",
  before: { revokedAt: null, version: 1 },
  after: { revokedAt: "2026-11-21", version: 2 },
});
await record({
  actor: anna,
  event: "email.retried",
  target: { type: "email", id: "mail_1" },
  cause: "evt_9",
});

const seqs = async (filter: Parameters<typeof listAuditLog>[0]) =>
  (await listAuditLog(filter)).rows.map((row) => Number(row.seq));

test("rows are listed newest first with what they changed", async () => {
  const { rows, previous, next } = await listAuditLog({});
  expect(rows.map((row) => Number(row.seq))).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  expect([previous, next]).toEqual([null, null]);
  expect(rows[1]?.changes).toEqual([
    { field: "version", before: "1", after: "2" },
    { field: "revokedAt", before: null, after: "2026-11-21" },
  ]);
});

test("each filter finds its rows and no others", async () => {
  expect(await seqs({ event: "license.revoked" })).toEqual([9]);
  expect(await seqs({ actor: "staff" })).toEqual([10, 9]);
  expect(await seqs({ actor: "ANNA@" })).toEqual([10, 9]);
  expect(await seqs({ actor: "staff_anna", event: "email.retried" })).toEqual([10]);
  expect(await seqs({ target: "ord_3" })).toEqual([3]);
  expect(await seqs({ target: "cust_1" })).toEqual([9]);
  expect(await seqs({ text: "100% ref" })).toEqual([9]);
  expect(await seqs({ text: "%" })).toEqual([9]);
  expect(await seqs({ text: "EVT_9" })).toEqual([10]);
  expect(await seqs({ text: "req-1" })).toEqual([9]);
  expect(await seqs({ seq: "4" })).toEqual([4]);
  expect(await seqs({ event: "nothing.of-the-kind" })).toEqual([]);
});

test("what cannot be a filter does not break the list", async () => {
  expect(await seqs({ text: "\u0000" })).toHaveLength(10);
  expect(await seqs({ seq: "99999999999999999999" })).toHaveLength(10);
  expect(await seqs({ after: "garbage" })).toHaveLength(10);
});

test("paging down and up again shows each row once", async () => {
  const down: string[][] = [];
  let page = await listAuditLog({ limit: 3 });
  down.push(page.rows.map((row) => row.seq));
  while (page.next) {
    page = await listAuditLog({ limit: 3, after: page.next });
    down.push(page.rows.map((row) => row.seq));
  }
  expect(down.flat()).toEqual(["10", "9", "8", "7", "6", "5", "4", "3", "2", "1"]);
  const up = [page.rows.map((row) => row.seq)];
  while (page.previous) {
    page = await listAuditLog({ limit: 3, before: page.previous });
    up.unshift(page.rows.map((row) => row.seq));
  }
  expect(up.flat()).toEqual(down.flat());
});
