import { randomUUID } from "node:crypto";
import {
  extendLicense,
  reinstateLicense,
  revokeLicense,
  suspendLicense,
} from "#app/domain/license/license.server.ts";
import { syncDueSources } from "#app/domain/stripe-sync/sync-due-sources.server.ts";
import { reconcile } from "#app/jobs/reconcile.server.ts";
import { isRelevant } from "#tests/scenarios/life-operators.ts";
import { dayMs } from "#tests/scenarios/life-shop.ts";
import { type LicenseRow, licenseRows } from "#tests/scenarios/life-state.ts";
import { booksOf, checkInvariants } from "#tests/scenarios/walk-checks.ts";
import { type Act, type Acts, pickOf, type Walk } from "#tests/scenarios/walk-step.ts";
import { seededRandom } from "#tests/stripe-stand-in/random.ts";
import type { StoredEvent } from "#tests/stripe-stand-in/stored-types.ts";
import type { DeliverOptions } from "#tests/stripe-stand-in/webhooks/control.ts";

/** Sweeps look back thirty days; who is deaf for longer has to say so to a person. */
const longestWithoutTickMs = 25 * dayMs;

export async function tick(walk: Walk): Promise<void> {
  await reconcile(walk.now());
  walk.lastTickAt = walk.now();
  await checkInvariants(booksOf(walk.standIn), walk.memory, walk.now());
}

const advance: Act = async (walk, [a, b]) => {
  const span = pickOf([0.02, 0.1, 1, 3, 8], a) ?? 1;
  const milliseconds = Math.ceil(span * dayMs * (0.5 + b));
  const deafForMs = walk.now().getTime() + milliseconds - walk.lastTickAt.getTime();
  const needsTick = deafForMs > longestWithoutTickMs;
  if (needsTick) await tick(walk);
  await walk.standIn.clock.advance(milliseconds);
  return `${needsTick ? "a tick; " : ""}${(milliseconds / dayMs).toFixed(2)} days pass`;
};

async function post(
  walk: Walk,
  events: readonly StoredEvent[],
  options: (event: StoredEvent) => DeliverOptions,
): Promise<void> {
  const answers = await Promise.all(events.map((event) => walk.standIn.deliver(event.id, options(event))));
  for (const { status } of answers.flat())
    if (status !== 200) throw new Error(`The webhook answered ${status}.`);
}

/** Of what is on its way some arrives, some twice, some late, some never; in an order of its own. */
const deliver: Act = async (walk, [a, b]) => {
  const random = seededRandom(Math.floor(a * 2 ** 32));
  const pending = walk.standIn.takePending().filter(isRelevant);
  const arriving: StoredEvent[] = [];
  let lost = 0;
  for (const event of [...walk.late.splice(0), ...pending]) {
    const fate = random();
    if (fate < b * 0.6) lost++;
    else if (fate < b * 0.6 + 0.15) walk.late.push(event);
    else arriving.push(event);
  }
  arriving.sort(() => random() - 0.5);
  const twice = arriving.filter(() => random() < 0.15);
  await post(walk, arriving, () => ({}));
  // Stripe says that one change may also be told by two events.
  await post(walk, twice, () =>
    random() < 0.5 ? { asNewEventId: true } : { copies: 2, concurrently: true },
  );
  const words = arriving.map(({ type }) => type).join(", ");
  return `${arriving.length} events arrive, ${twice.length} of them again, ${lost} never (${words})`;
};

const lose: Act = ({ standIn }) => {
  const lost = standIn.takePending().filter(isRelevant);
  return lost.length === 0 ? null : `${lost.length} events are lost`;
};

async function work(walk: Walk): Promise<number> {
  const ran = await syncDueSources(walk.now());
  await checkInvariants(booksOf(walk.standIn), walk.memory, walk.now());
  return ran;
}

const workerTurn: Act = async (walk) => `the worker syncs ${await work(walk)}`;

/** Failures that the SDK does not sit out with pauses of its own. */
const faults = [{ status: 429 }, { status: "bare_404" }] as const;

const workInTrouble: Act = async (walk, [a, b]) => {
  walk.standIn.faults.sometimes(0.1 + 0.4 * b, faults, seededRandom(Math.floor(a * 2 ** 32)));
  try {
    return `the worker syncs ${await work(walk)} while Stripe fails now and then`;
  } finally {
    walk.standIn.faults.clear();
  }
};

const tickNow: Act = async (walk) => {
  await tick(walk);
  return "a tick";
};

function requestFor(row: LicenseRow, now: Date) {
  return {
    licenseId: row.id,
    version: row.version,
    submission: randomUUID(),
    reason: "Decided by a person.",
    notifyCustomer: false,
    actor: { type: "staff" as const, id: "staff_1", label: "staff@example.com" },
    now,
    requestId: null,
  };
}

/** A staff act on one of the licenses it is possible for. */
function staff(
  isPossible: (row: LicenseRow) => boolean,
  words: string,
  decide: (row: LicenseRow, request: ReturnType<typeof requestFor>, walk: Walk) => Promise<void>,
): Act {
  return async (walk, [a]) => {
    const row = pickOf((await licenseRows()).filter(isPossible), a);
    if (!row) return null;
    await decide(row, requestFor(row, walk.now()), walk);
    return `staff ${words} ${row.sourceId}/${row.itemKey}/${row.ordinal}`;
  };
}

const isHeld = ({ holds }: LicenseRow) => holds.some(({ cause }) => cause === "staff");

const revoke = staff(
  ({ revokedAt }) => !revokedAt,
  "revoke",
  async (row, request, { memory, now }) => {
    await revokeLicense({ ...request, confirmation: row.keyLastGroup });
    memory.revoked.set(row.id, now());
  },
);
const suspend = staff(
  (row) => !row.revokedAt && !isHeld(row),
  "suspend",
  async (row, request, { memory }) => {
    await suspendLicense(request);
    memory.held.add(row.id);
  },
);
const reinstate = staff(
  (row) => !row.revokedAt && isHeld(row),
  "reinstate",
  async (row, request, { memory }) => {
    await reinstateLicense(request);
    memory.held.delete(row.id);
  },
);
const extend = staff(
  (row) => !row.revokedAt && row.paidUntil !== null,
  "extend",
  async (row, request, { memory }) => {
    await extendLicense({ ...request, extension: { kind: "period", count: 20, unit: "day" } });
    const after = (await licenseRows()).find(({ id }) => id === row.id);
    if (after?.extendedUntil) memory.extended.set(row.id, after.extendedUntil);
  },
);

/** What time, the network, the worker and staff do. */
export const shopActs: Acts = {
  "let time pass": { weight: 16, act: advance },
  "let events arrive": { weight: 10, act: deliver },
  "lose events": { weight: 3, act: lose },
  work: { weight: 3, act: workerTurn },
  "work in trouble": { weight: 1, act: workInTrouble },
  tick: { weight: 0.3, act: tickNow },
  revoke: { weight: 0.5, act: revoke },
  suspend: { weight: 1, act: suspend },
  reinstate: { weight: 1.5, act: reinstate },
  extend: { weight: 1, act: extend },
};
