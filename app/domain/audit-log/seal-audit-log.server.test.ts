import { expect, test } from "vitest";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { canonicalJson } from "#app/domain/audit-log/audit-seal.server.ts";
import { sealAuditLog, verifyAuditLog } from "#app/domain/audit-log/seal-audit-log.server.ts";
import { inTransaction, pool } from "#app/infra/db.server.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();

const start = new Date("2026-11-21T10:00:00.000Z");
const minutes = (count: number) => new Date(start.getTime() + count * 60_000);
const rowCount = 40;

function record(n: number, at: Date): Promise<void> {
  return inTransaction((tx) =>
    recordAudit(tx, {
      now: at,
      actor: { type: "staff", id: `staff_${n}`, label: `staff${n}@example.com` },
      event: "license.extended",
      target: { type: "license", id: `lic_${n}` },
      licenseId: `lic_${n}`,
      reason: `reason ${n}`,
      before: { validUntil: "2026-11-30", version: n },
      after: { version: n + 1, validUntil: "2027-11-30", deep: { b: [1, 2], a: null } },
    }),
  );
}

/** Empties both tables and writes rows sealed in four runs, half an hour apart. Needs an owner of the tables. */
async function aSealedLog(): Promise<void> {
  await asOwner("TRUNCATE audit_log, audit_seal RESTART IDENTITY");
  for (let n = 1; n <= rowCount; n++) {
    await record(n, minutes(n * 3));
    if (n % 10 === 0) await sealAuditLog({ now: minutes(n * 3 + 1) });
  }
}

/** What the triggers refuse to everybody who does not own the tables, in one transaction. */
async function asOwner(sql: string): Promise<void> {
  await pool().query(`${triggers("DISABLE")} ${sql}; ${triggers("ENABLE")}`);
}

const triggers = (verb: "DISABLE" | "ENABLE") =>
  `ALTER TABLE audit_log ${verb} TRIGGER USER; ALTER TABLE audit_seal ${verb} TRIGGER USER;`;

/** For each statement: does it to the log, asks what the check says, undoes it. Leaves the triggers as they were. */
async function verdictsAfter(statements: readonly string[]) {
  await pool().query(`${triggers("DISABLE")} DROP TABLE IF EXISTS kept_log, kept_seal;
    CREATE TABLE kept_log AS TABLE audit_log; CREATE TABLE kept_seal AS TABLE audit_seal`);
  const verdicts: { seq: number; problem: string | null }[] = [];
  for (const sql of statements) {
    // Nothing of this has to survive a crash, so nothing waits for the disk.
    await pool().query(`SET LOCAL synchronous_commit = off; ${sql}`);
    const { firstBadSeq, problem } = await verifyAuditLog();
    verdicts.push({ seq: Number(firstBadSeq), problem });
    await pool().query(`SET LOCAL synchronous_commit = off; DELETE FROM audit_log; DELETE FROM audit_seal;
      INSERT INTO audit_log TABLE kept_log; INSERT INTO audit_seal TABLE kept_seal`);
  }
  await pool().query(triggers("ENABLE"));
  return verdicts;
}

test("an untouched log is sealed to its end and found good", async () => {
  await aSealedLog();
  const verdict = await verifyAuditLog();
  expect(verdict).toMatchObject({ checked: rowCount, firstBadSeq: null, problem: null, unsealed: 0 });
  expect(verdict.tip).toMatchObject({ position: rowCount, hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(await sealAuditLog({ now: minutes(500) })).toBe(0);
});

test("an empty log is good", async () => {
  await asOwner("TRUNCATE audit_log, audit_seal RESTART IDENTITY");
  expect(await verifyAuditLog()).toEqual({
    checked: 0,
    firstBadSeq: null,
    problem: null,
    unsealed: 0,
    tip: null,
  });
});

test("rows beyond the limit wait for the next run", async () => {
  await asOwner("TRUNCATE audit_log, audit_seal RESTART IDENTITY");
  for (let n = 1; n <= 5; n++) await record(n, start);
  expect(await sealAuditLog({ now: start, limit: 3 })).toBe(3);
  expect(await verifyAuditLog()).toMatchObject({ checked: 3, unsealed: 2, firstBadSeq: null });
  expect(await sealAuditLog({ now: start, limit: 3 })).toBe(2);
});

test("the application cannot change, remove or empty what it wrote", async () => {
  await aSealedLog();
  for (const sql of [
    "UPDATE audit_log SET reason = 'x' WHERE seq = 1",
    "DELETE FROM audit_log WHERE seq = 1",
    "TRUNCATE audit_log",
    "UPDATE audit_seal SET hash = 'x' WHERE position = 1",
    "DELETE FROM audit_seal WHERE position = 1",
    "TRUNCATE audit_seal",
  ])
    await expect(pool().query(sql), sql).rejects.toThrow("append-only");
});

test("every column of a sealed row is covered", async () => {
  await aSealedLog();
  const changes = [
    "at = at + interval '1 millisecond'",
    "actor_type = 'system'",
    "actor_id = NULL",
    "actor_label = 'somebody else'",
    "event = 'license.revoked'",
    "target_type = 'order'",
    "target_id = 'lic_99'",
    "license_id = NULL",
    "order_id = 'ord_1'",
    "customer_id = 'cust_1'",
    "reason = reason || ' '",
    "cause = 'timer'",
    "before = jsonb_set(before, '{version}', '0')",
    "after = jsonb_set(after, '{deep,b}', '[2, 1]')",
    "after = after - 'deep'",
    "request_id = 'req'",
  ];
  const verdicts = await verdictsAfter(
    changes.map((change) => `UPDATE audit_log SET ${change} WHERE seq = 17`),
  );
  for (const [index, change] of changes.entries())
    expect(verdicts[index], change).toEqual({ seq: 17, problem: "changed" });
});

test("seals removed, forged or put outside the chain are found", async () => {
  await aSealedLog();
  const outside = `UPDATE audit_seal SET audit_seq = 1000 WHERE position = 40;
    ${insertion(1000, minutes(1))}; UPDATE audit_seal SET position = -1 WHERE position = 40`;
  const verdicts = await verdictsAfter([
    "DELETE FROM audit_seal WHERE position = 5",
    "DELETE FROM audit_seal WHERE position = 1",
    `UPDATE audit_seal SET hash = '${"a".repeat(64)}' WHERE position = 5`,
    outside,
  ]);
  expect(verdicts).toEqual([
    { seq: 6, problem: "seal-missing" },
    { seq: 2, problem: "seal-missing" },
    { seq: 5, problem: "changed" },
    { seq: 1000, problem: "seal-missing" },
  ]);
});

const insertion = (seq: number, at: Date) =>
  `INSERT INTO audit_log (seq, at, actor_type, actor_label, event, target_type, target_id)
   VALUES (${seq}, '${at.toISOString()}', 'system', 'timer', 'license.issued', 'license', 'lic_false')`;

test("1,000 random edits, deletions, swaps and insertions are all found, at the first bad row", async () => {
  await aSealedLog();
  // Numbers that were skipped (a rolled-back transaction) are where a false row would be put.
  await asOwner("DELETE FROM audit_seal WHERE position > 30; DELETE FROM audit_log WHERE seq > 30");
  for (const n of [32, 34, 36, 38, 40]) {
    await pool().query(`SELECT setval('audit_log_seq_seq', ${n - 1})`);
    await record(n, minutes(n * 3));
  }
  await sealAuditLog({ now: minutes(200) });
  const attacks = Array.from({ length: 1000 }, (_, round) => randomAttack(round));
  const verdicts = await verdictsAfter(attacks.map(({ sql }) => sql));
  for (const [index, attack] of attacks.entries()) expect(verdicts[index], attack.sql).toEqual(attack.found);
}, 300_000);

/** One of four kinds in turn, with the row it has to be found at. */
function randomAttack(round: number) {
  const random = (below: number) => Math.floor(Math.random() * below);
  const a = 1 + random(29);
  const b = a + 1 + random(30 - a);
  const gap = 31 + 2 * random(5);
  const change = { found: { seq: a, problem: "changed" } };
  switch (round % 4) {
    case 0:
      return { ...change, sql: `UPDATE audit_log SET reason = 'edit ${round}' WHERE seq = ${a}` };
    case 1:
      return { sql: `DELETE FROM audit_log WHERE seq = ${a}`, found: { seq: a, problem: "deleted" } };
    case 2:
      return {
        ...change,
        sql: `UPDATE audit_log AS x SET reason = y.reason, after = y.after, actor_id = y.actor_id
          FROM audit_log AS y WHERE (x.seq, y.seq) IN ((${a}, ${b}), (${b}, ${a}))`,
      };
    default:
      return { sql: insertion(gap, minutes(gap * 3)), found: { seq: gap, problem: "inserted" } };
  }
}

test("a false row put between old ones is still found after it was sealed", async () => {
  await aSealedLog();
  await asOwner("DELETE FROM audit_seal WHERE position >= 39; DELETE FROM audit_log WHERE seq = 39");
  await sealAuditLog({ now: minutes(122) });
  await asOwner(insertion(39, minutes(100)));
  expect(await sealAuditLog({ now: minutes(300) })).toBe(1);
  expect(await verifyAuditLog()).toMatchObject({ firstBadSeq: 39n, problem: "inserted", checked: 39 });
});

test("a row that committed late is sealed behind newer ones and stays good", async () => {
  await asOwner("TRUNCATE audit_log, audit_seal RESTART IDENTITY");
  const late = await pool().connect();
  await late.query("BEGIN");
  await late.query(insertion(1, start).replace("(1,", "(nextval('audit_log_seq_seq'),"));
  await record(2, start);
  expect(await sealAuditLog({ now: start })).toBe(1);
  await late.query("COMMIT");
  late.release();
  await record(3, minutes(1));
  expect(await sealAuditLog({ now: minutes(1) })).toBe(2);
  expect(await verifyAuditLog()).toMatchObject({ checked: 3, firstBadSeq: null, unsealed: 0 });
});

test("a row far behind the newest is sealed by a thorough run", async () => {
  await asOwner("TRUNCATE audit_log, audit_seal RESTART IDENTITY");
  await asOwner(insertion(50_000, start));
  await sealAuditLog({ now: start });
  await asOwner(insertion(7, start));
  expect(await sealAuditLog({ now: start })).toBe(0);
  expect(await sealAuditLog({ now: start, thorough: true })).toBe(1);
  expect(await verifyAuditLog()).toMatchObject({ checked: 2, firstBadSeq: null, unsealed: 0 });
});

test("many writers and sealers at once leave one unbroken chain", async () => {
  await asOwner("TRUNCATE audit_log, audit_seal RESTART IDENTITY");
  const writers = Array.from({ length: 32 }, async (_, writer) => {
    for (let n = 0; n < 5; n++) await record(writer * 5 + n, new Date());
  });
  const sealers = Array.from({ length: 4 }, async () => {
    for (let n = 0; n < 10; n++) await sealAuditLog({ now: new Date(), limit: 20 });
  });
  await Promise.all([...writers, ...sealers]);
  while ((await sealAuditLog({ now: new Date() })) > 0);
  expect(await verifyAuditLog()).toMatchObject({ checked: 160, firstBadSeq: null, unsealed: 0 });
});

test("equal JSON values give equal text whatever the order of their fields", () => {
  expect(canonicalJson({ b: [1, { d: 1, c: "x" }], a: null })).toBe('{"a":null,"b":[1,{"c":"x","d":1}]}');
});
