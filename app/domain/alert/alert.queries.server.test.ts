import { expect, test } from "vitest";
import { countOpenAlerts, listAlerts, listOpenAlerts } from "#app/domain/alert/alert.queries.server.ts";
import { raiseAlert, resolveAlert } from "#app/domain/alert/alert.server.ts";
import { alertKinds, alertWords } from "#app/domain/alert/alert-words.ts";
import { inTransaction } from "#app/infra/db.server.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();

const day = (n: number) => new Date(Date.UTC(2026, 0, n));
const kinds = ["unmapped-price", "dispute-opened", "unmapped-price"] as const;
for (const [index, kind] of kinds.entries())
  await inTransaction((tx) =>
    raiseAlert(tx, {
      now: day(index + 1),
      kind,
      causeKey: `cs_${index + 1}`,
      message: `Message ${index + 1}`,
    }),
  );
const messages = async (request: Parameters<typeof listAlerts>[0]) =>
  (await listAlerts(request)).rows.map(({ message }) => message);

test("open alerts are listed newest first, by kind, page by page, and a resolved one moves to the others", async () => {
  const { alerts, more } = await listOpenAlerts({ limit: 2 });
  expect(alerts.map(({ message }) => message)).toEqual(["Message 3", "Message 2"]);
  expect(more).toBe(true);
  expect(await messages({ kind: "unmapped-price" })).toEqual(["Message 3", "Message 1"]);
  const first = await listAlerts({ limit: 2 });
  expect(await messages({ limit: 2, after: first.next ?? "" })).toEqual(["Message 1"]);
  await resolveAlert({
    alertId: alerts[0]?.id ?? "",
    actor: { type: "staff", id: "staff_1", label: "anna@example.com" },
    submission: "token-1",
    now: day(9),
  });
  const left = await listOpenAlerts({ limit: 2 });
  expect(left.alerts.map(({ message }) => message)).toEqual(["Message 2", "Message 1"]);
  expect(left.more).toBe(false);
  expect(await countOpenAlerts()).toBe(2);
  expect(await messages({ state: "resolved" })).toEqual(["Message 3"]);
});

test("every kind has a label and a remedy of its own", () => {
  expect(new Set(alertKinds.map((kind) => alertWords(kind).label)).size).toBe(alertKinds.length);
  for (const kind of alertKinds) expect(alertWords(kind).remedy.length).toBeGreaterThan(20);
  expect(alertWords("gone-since").label).toBe("gone since");
});
