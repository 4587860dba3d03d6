import { expect, test } from "vitest";
import { listOpenAlerts } from "#app/domain/alert/alert.queries.server.ts";
import { raiseAlert, resolveAlert } from "#app/domain/alert/alert.server.ts";
import { inTransaction } from "#app/infra/db.server.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();

test("open alerts are listed newest first and a resolved one is gone", async () => {
  for (let n = 1; n <= 3; n++)
    await inTransaction((tx) =>
      raiseAlert(tx, {
        now: new Date(Date.UTC(2026, 0, n)),
        kind: "unmapped-price",
        causeKey: `cs_${n}`,
        message: `Message ${n}`,
      }),
    );
  const { alerts, more } = await listOpenAlerts({ limit: 2 });
  expect(alerts.map(({ message }) => message)).toEqual(["Message 3", "Message 2"]);
  expect(more).toBe(true);
  await resolveAlert({
    alertId: alerts[0]?.id ?? "",
    actor: { type: "staff", id: "staff_1", label: "anna@example.com" },
    submission: "token-1",
    now: new Date(),
  });
  const left = await listOpenAlerts({ limit: 2 });
  expect(left.alerts.map(({ message }) => message)).toEqual(["Message 2", "Message 1"]);
  expect(left.more).toBe(false);
});
