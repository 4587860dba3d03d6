import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Stripe from "stripe";
import { expect, test } from "vitest";
import { makeSession, sdkFor, withReceiver } from "./harness.ts";
import { startStripeStandIn } from "./server.ts";
import { spawnStripeStandIn } from "./spawn.ts";

function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "stripe-stand-in-"));
  return body(folder).finally(() => rmSync(folder, { recursive: true, force: true }));
}

test("a second start with the same state file knows its sessions, and their clocks go on", () =>
  withFolder(async (folder) => {
    const options = { stateFile: join(folder, "stripe.json"), endpoints: [{ url: "http://127.0.0.1:9/" }] };
    const first = await startStripeStandIn({ ...options, deliver: "manual" });
    const session = await makeSession(sdkFor(first));
    first.pay(session.id, { method: "delayed_success" });
    await first.clock.advance(24 * 60 * 60 * 1000);
    await first.stop();

    const second = await startStripeStandIn({ ...options, deliver: "manual" });
    const stripe = sdkFor(second);
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({ payment_status: "unpaid" });
    expect(second.dump().endpoints).toHaveLength(1);
    await second.clock.advance(24 * 60 * 60 * 1000);
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({ payment_status: "paid" });
    await second.stop();
    expect(JSON.parse(readFileSync(options.stateFile, "utf8"))).toHaveProperty("format", 1);
  }));

test("what was still owed when it ended is delivered after the next start", () =>
  withReceiver((receiver) =>
    withFolder(async (folder) => {
      const enabledEvents = ["checkout.session.completed"];
      const options = {
        stateFile: join(folder, "stripe.json"),
        endpoints: [{ url: receiver.url, enabledEvents }],
      };
      const first = await startStripeStandIn({ ...options, deliver: "manual" });
      const session = await makeSession(sdkFor(first));
      first.pay(session.id);
      await first.stop();
      expect(receiver.received).toEqual([]);
      const second = await startStripeStandIn(options);
      await second.idle();
      expect(receiver.received).toHaveLength(1);
      expect(second.deliveries()).toEqual([]);
      await second.stop();
    }),
  ));

test("a file that is no state file is left alone and named", () =>
  withFolder(async (folder) => {
    const stateFile = join(folder, "stripe.json");
    writeFileSync(stateFile, "something else");
    await expect(startStripeStandIn({ stateFile })).rejects.toThrow("is not a state file");
    expect(readFileSync(stateFile, "utf8")).toBe("something else");
  }));

test("as a process of its own it serves the SDK, stops when asked, and says why it cannot start", async () => {
  const spawned = await spawnStripeStandIn({ PORT: "0" });
  try {
    const { port } = new URL(spawned.apiBase);
    const stripe = new Stripe("sk_test_latchkey", {
      host: "127.0.0.1",
      port,
      protocol: "http",
      telemetry: false,
    });
    const codes = await stripe.promotionCodes.list({ expand: ["data.promotion.coupon"] });
    expect(codes.data.map(({ code }) => code).sort()).toEqual(["FREE", "TAKE20"]);
    expect((await fetch(spawned.controlUrl)).status).toBe(200);
    await expect(spawnStripeStandIn({ PORT: port })).rejects.toThrow("EADDRINUSE");
  } finally {
    await spawned.stop();
  }
  expect(spawned.process.exitCode).toBe(0);
  await expect(spawnStripeStandIn({ STRIPE_SECRET_KEY: "sk_live_no" })).rejects.toThrow("STRIPE_SECRET_KEY");
});

test("it ends with its parent, also when that is gone without a word", async () => {
  const spawned = await spawnStripeStandIn({ PORT: "0" });
  const ended = new Promise((resolve) => spawned.process.once("exit", resolve));
  spawned.process.stdin?.destroy();
  expect(await ended).toBe(0);
});
