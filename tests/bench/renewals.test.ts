import { expect, inject, test } from "vitest";
import { benchRenewals } from "#tests/bench/renewals.ts";

// Keeps the bench running; its figures are only worth something on a quiet machine, so none is judged here.
test("the bench of renewals extends every license it posted an event for", async () => {
  const rows = await benchRenewals(inject("testDatabaseServer"), "smoke");
  expect(rows.map(({ name }) => name)).toContain("renewals, 16 in flight");
  expect(rows.map(({ name }) => name)).toContain("one renewal, 50 subscriptions");
  for (const { ours, theirs, ratio } of rows)
    for (const figure of [ours, theirs, ratio]) expect(figure).toBeGreaterThan(0);
}, 300_000);
