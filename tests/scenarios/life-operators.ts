import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { extendLicense, revokeLicense, suspendLicense } from "#app/domain/license/license.server.ts";
import type { Director, Stage } from "#tests/scenarios/life-stage.ts";
import { type LicenseRow, licenseRows } from "#tests/scenarios/life-state.ts";
import type { StoredEvent } from "#tests/stripe-stand-in/stored-types.ts";

/** The events stripe.md 1.2 recommends for the endpoint; the others are hints nobody has to enable. */
const recommended = new Set([
  "checkout.session.completed",
  "checkout.session.async_payment_succeeded",
  "checkout.session.async_payment_failed",
  "checkout.session.expired",
  "customer.updated",
  "customer.deleted",
  "customer.subscription.created",
  "customer.subscription.updated",
  "customer.subscription.deleted",
  "customer.subscription.paused",
  "customer.subscription.resumed",
  "customer.subscription.pending_update_applied",
  "customer.subscription.pending_update_expired",
  "customer.subscription.trial_will_end",
  "invoice.paid",
  "invoice.payment_failed",
  "invoice.payment_action_required",
  "invoice.updated",
  "invoice.voided",
  "invoice.marked_uncollectible",
  "charge.refunded",
  "refund.created",
  "refund.updated",
  "refund.failed",
  "charge.dispute.created",
  "charge.dispute.updated",
  "charge.dispute.closed",
  "radar.early_fraud_warning.created",
  "radar.early_fraud_warning.updated",
]);

/** What each guide of stripe.md 1.4 listens to. */
export const subsets = {
  A: [
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "invoice.payment_failed",
  ],
  C: ["invoice.paid", "checkout.session.completed", "customer.created"],
  L: [
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "checkout.session.completed",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "invoice.payment_failed",
    "invoice.payment_succeeded",
  ],
  S: ["checkout.session.completed"],
  Full: [...recommended],
} as const;
export type SubsetName = keyof typeof subsets;

export const isRelevant = ({ type }: Pick<StoredEvent, "type">) => recommended.has(type);

/** Every event there is, as Stripe sent them. */
export function inOrder(): Director {
  return {
    punctual: true,
    deliver: async (events, post) => {
      for (const event of events) await post(event);
    },
  };
}

/** Every delivery twice: at the same moment, and again when all of its moment have arrived. */
export function doubled(): Director {
  return {
    punctual: true,
    deliver: async (events, post) => {
      for (const event of events) await post(event, { twice: true });
      for (const event of events.filter(isRelevant)) await post(event);
    },
  };
}

/** The relevant events of each moment in another order; `index` counts through the orders there are. */
export function permuted(index: number): Director {
  return {
    punctual: true,
    deliver: async (events, post) => {
      const relevant = events.filter(isRelevant);
      const order = relevant.length <= 5 ? nthOrder(relevant, index) : shuffled(relevant, index);
      for (const event of order) await post(event);
    },
  };
}

/** How many orders a play has, when the largest of its moments decides; beyond five events a sample of fifty. */
export function ordersOf(moments: readonly (readonly StoredEvent[])[]): number {
  const sizes = moments.map((events) => events.filter(isRelevant).length);
  return Math.max(1, ...sizes.map((size) => (size <= 5 ? factorial(size) : 50)));
}

/** Only these arrive; in the end one tick. */
export function only(types: readonly string[]): Director {
  return {
    punctual: false,
    deliver: async (events, post) => {
      for (const event of events) if (types.includes(event.type)) await post(event);
    },
    finish: (stage) => stage.tick(),
  };
}

/** The relevant event with this number never arrives; in the end one tick. */
export function without(lost: number): Director {
  return { ...holdingBack(lost), finish: (stage) => stage.tick() };
}

/** The relevant event with this number arrives after everything else; no tick. */
export function late(number: number): Director {
  const { held, ...director } = holdingBack(number);
  return {
    ...director,
    finish: async (_stage, post) => {
      for (const event of held) await post(event);
    },
  };
}

function holdingBack(number: number): Director & { held: StoredEvent[] } {
  let seen = 0;
  const held: StoredEvent[] = [];
  return {
    punctual: false,
    held,
    deliver: async (events, post) => {
      for (const event of events.filter(isRelevant))
        if (seen++ === number) held.push(event);
        else await post(event);
    },
  };
}

/** Everything arrives when the play is over, in the order with this number, of which there are 24; no tick. */
export function gathered(index: number): Director {
  const all: StoredEvent[] = [];
  return {
    punctual: false,
    deliver: async (events) => {
      all.push(...events.filter(isRelevant));
    },
    finish: async (_stage, post) => {
      for (const event of all.length <= 4 ? nthOrder(all, index) : shuffled(all, index)) await post(event);
    },
  };
}

/** Nothing ever arrives; in the end one tick, made by the command itself when `asCommand`. */
export function deaf(options: { asCommand?: boolean } = {}): Director {
  return {
    punctual: false,
    deliver: async () => undefined,
    finish: (stage) => (options.asCommand ? runReconcile(stage) : stage.tick()),
  };
}

/** `npm run reconcile` as a process of its own, whose clock is as far ahead as the stand-in's. */
async function runReconcile(stage: Stage): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-reconcile-"));
  const clockFile = join(folder, "clock");
  writeFileSync(clockFile, String((stage.now().getTime() - Date.now()) / 1000));
  const { env } = stage.shop;
  try {
    await promisify(execFile)("node", ["--import", "tsx", "app/commands/reconcile.ts"], {
      env: {
        ...process.env,
        LOG_LEVEL: "error",
        DATABASE_URL: env.databaseUrl,
        DATA_DIR: folder,
        APP_URL: env.appUrl,
        MASTER_KEY: env.masterKey.toString("base64"),
        STRIPE_SECRET_KEY: env.stripeSecretKey,
        STRIPE_WEBHOOK_SECRET: env.stripeWebhookSecrets.join(","),
        STRIPE_API_BASE: env.stripeApiBase,
        CLOCK_FILE: clockFile,
      },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const staffActs = ["revoke", "suspend", "extend"] as const;
export type StaffAct = (typeof staffActs)[number];

/** What staff decided about a license in the middle of the play, as it has to be in the end. */
export type Decision = { act: StaffAct; licenseId: string; extendedUntil: Date | null };

/**
 * As in order, but as soon as there are licenses staff revoke, suspend and extend: with three licenses one each, with
 * fewer the first one gets `single`.
 */
export function withStaff(single: StaffAct, decisions: Decision[]): Director {
  return {
    ...inOrder(),
    punctual: false,
    afterMoment: async (stage) => {
      if (decisions.length > 0) return;
      const licenses = await licenseRows();
      const acts = licenses.length >= staffActs.length ? staffActs : [single];
      for (const [index, act] of acts.entries()) {
        const license = licenses[index];
        if (license) decisions.push(await decide(act, license, stage.now()));
      }
      await stage.work();
    },
  };
}

async function decide(act: StaffAct, license: LicenseRow, now: Date): Promise<Decision> {
  const request = {
    licenseId: license.id,
    version: license.version,
    submission: randomUUID(),
    reason: "Decided by a person.",
    notifyCustomer: false,
    actor: { type: "staff" as const, id: "staff_1", label: "staff@example.com" },
    now,
    requestId: null,
  };
  if (act === "revoke") await revokeLicense({ ...request, confirmation: license.keyLastGroup });
  else if (act === "suspend") await suspendLicense(request);
  // What never ends cannot be extended; suspending it is as good an act as any.
  else if (license.paidUntil === null) return decide("suspend", license, now);
  else await extendLicense({ ...request, extension: { kind: "period", count: 2, unit: "year" } });
  const after = (await licenseRows()).find(({ id }) => id === license.id);
  return { act, licenseId: license.id, extendedUntil: after?.extendedUntil ?? null };
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}

/** The orders of a few things, counted from 0 and round again. */
function nthOrder<T>(items: readonly T[], index: number): T[] {
  const rest = [...items];
  const order: T[] = [];
  let left = index % factorial(items.length);
  while (rest.length > 0) {
    const size = factorial(rest.length - 1);
    order.push(...rest.splice(Math.floor(left / size), 1));
    left %= size;
  }
  return order;
}

/** Another order for each seed, the same for the same. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  let state = seed + 1;
  const next = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
  return items
    .map((item) => ({ item, rank: next() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
