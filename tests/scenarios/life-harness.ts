import { expect, test } from "vitest";
import { worksUntil } from "#app/domain/license/assess-license.ts";
import { checkBooks } from "#tests/scenarios/life-invariants.ts";
import {
  type Decision,
  deaf,
  doubled,
  gathered,
  inOrder,
  isRelevant,
  late,
  only,
  ordersOf,
  permuted,
  staffActs,
  subsets,
  without,
  withStaff,
} from "#tests/scenarios/life-operators.ts";
import type { LifeShop } from "#tests/scenarios/life-shop.ts";
import { type Director, expectState, playOnce, type Stage } from "#tests/scenarios/life-stage.ts";
import {
  type Expected,
  kindOfHold,
  type LicenseState,
  type LifeState,
  licenseRows,
} from "#tests/scenarios/life-state.ts";

// How a scenario of stripe.md 3 is written, once per file:
//
//   const shop = await openLifeShop();
//   scenario(shop, "S48", "renewal", {
//     play: async (s) => {
//       await s.at(t0, () => s.buy("monthly", { quantity: 3 }));   // a moment: Stripe's clock, and what happens
//       await s.expect({ working: 3, paidUntil: t1 });             // looked at where all events were punctual
//       await s.at(after(t1, 2 * hourMs));                         // Stripe renews on the way there
//     },
//     end: { working: 3, paidUntil: t2, mails: { "license-issued": 1 } },  // looked at after every operator
//     perm: true,                                                  // also every order of each moment's events
//   });
//
// It is played from an empty shop once for each operator: in order, doubled, permuted, with all or each event lost and
// a tick, with each event late, with the subsets of events that guides recommend, and with acts of staff in the
// middle. Every one has to end with the same licenses. After every turn of the worker the invariants are checked
// (life-invariants.ts). Make separate moments of what takes time: events of one moment arrive before the next one.

export type Scenario = {
  play: (stage: Stage) => Promise<void>;
  /** What has to be so in the end, whatever was delivered. Mails and audit rows count where all events arrived. */
  end: Expected;
  /** Also every order of the events of each moment. */
  perm?: boolean;
  /** Also with all events of the whole play arriving in the end: in every order of up to four, else a sample. */
  gather?: boolean;
  /** Also with each single event lost, and with each single event late. */
  each?: boolean;
  /** Also with every event lost and the command `npm run reconcile` as a process of its own. */
  command?: boolean;
  /** Leave out: acts of staff where there is never a license, subsets where the play is not about events. */
  skip?: readonly ("staff" | "subsets" | "lose")[];
  /** More to look at, after the end of every operator. */
  also?: (stage: Stage, state: LifeState) => Promise<void> | void;
};

const timeoutMs = 180_000;

/** Declares the tests of one scenario; each name begins with its number. */
export function scenario(shop: LifeShop, number: string, title: string, made: Scenario): void {
  const named = (operator: string, body: () => Promise<void>) =>
    test(`${number} ${title}: ${operator}`, body, timeoutMs);
  const skips = (what: "staff" | "subsets" | "lose") => made.skip?.includes(what) ?? false;
  let known: Promise<Reference> | undefined;
  const reference = () => {
    known ??= playReference(shop, made);
    return known;
  };
  const check = async (director: Director) => {
    const { licenses, moments } = await reference();
    const { state, stage } = await playOnce(shop, made.play, director);
    expectEnd(state, made.end, director.punctual);
    expect(state.licenses, "the same licenses as in order").toEqual(licenses);
    await made.also?.(stage, state);
    return { stage, moments };
  };

  named("in order", async () => void (await reference()));
  named("every delivery twice", async () => {
    const { stage } = await check(doubled());
    await checkBooks(stage.work);
  });
  if (made.perm)
    named("in every order", async () => {
      const { moments } = await reference();
      for (let index = 1; index < ordersOf(moments); index++) await check(permuted(index));
    });
  if (made.gather)
    named("all events in the end, in other orders", async () => {
      const { moments } = await reference();
      const orders = Math.min(24, ordersOf([moments.flat()]));
      for (let index = 0; index < orders; index++) await check(gathered(index));
    });
  if (made.each)
    named("each event lost and a tick, each event late", async () => {
      const { moments } = await reference();
      for (let number = 0; number < moments.flat().filter(isRelevant).length; number++) {
        await check(without(number));
        await check(late(number));
      }
    });
  if (!skips("lose")) named("every event lost and a tick", async () => void (await check(deaf())));
  if (made.command)
    named("every event lost and npm run reconcile", async () => {
      await check(deaf({ asCommand: true }));
    });
  if (!skips("subsets"))
    named("only the events of a guide and a tick", async () => {
      for (const types of Object.values(subsets)) await check(only(types));
    });
  if (!skips("staff"))
    named("what staff decide stays", async () => {
      const { licenses } = await reference();
      const singles = licenses.length >= staffActs.length ? (["revoke"] as const) : staffActs;
      for (const single of singles) {
        const decisions: Decision[] = [];
        const { state } = await playOnce(shop, made.play, withStaff(single, decisions));
        expect(decisions.length, "there was a license to decide about").toBeGreaterThan(0);
        await expectDecided(decisions, state, licenses);
      }
    });
}

type Reference = { licenses: LicenseState[]; moments: Awaited<ReturnType<typeof playOnce>>["moments"] };

async function playReference(shop: LifeShop, made: Scenario): Promise<Reference> {
  const { state, stage, moments } = await playOnce(shop, made.play, inOrder());
  expectState(state, made.end);
  await made.also?.(stage, state);
  await checkBooks(stage.work);
  return { licenses: state.licenses, moments };
}

/** Where events were lost, a mail about what nobody saw may be missing; none may be told twice or besides. */
function expectEnd(state: LifeState, end: Expected, punctual: boolean): void {
  if (punctual) {
    expectState(state, end);
    return;
  }
  const { mails, audit: _, alerts, ...lasting } = end;
  expectState(state, lasting);
  if (mails)
    for (const [kind, count] of Object.entries(state.mails))
      expect(count, `mails ${kind}`).toBeLessThanOrEqual(mails[kind] ?? 0);
  if (alerts) for (const kind of state.alerts) expect(alerts).toContain(kind);
}

/** Acceptance 8. Payments go on being counted under what a person decided. */
async function expectDecided(
  decisions: readonly Decision[],
  state: LifeState,
  undisturbed: readonly LicenseState[],
): Promise<void> {
  const rows = await licenseRows();
  for (const { act, licenseId, extendedUntil } of decisions) {
    const row = rows.find(({ id }) => id === licenseId);
    const own = state.licenses.find(
      ({ ordinal, plan }) => ordinal === row?.ordinal && plan === row?.policy.slug,
    );
    const alone = undisturbed.find(({ ordinal, plan }) => ordinal === own?.ordinal && plan === own?.plan);
    if (!row || !own) throw new Error(`The license staff decided about is gone: ${act}.`);
    // What is revoked is left alone for good; it does not even follow a change of the plan.
    if (act === "revoke") {
      expect(own).toMatchObject({ code: "REVOKED", revokedBy: "staff" });
      continue;
    }
    if (!alone) throw new Error(`The license staff decided about went another way: ${act}.`);
    expect(own.paidUntil, `paid until, after ${act}`).toBe(alone.paidUntil);
    if (row.extendedUntil === null) {
      expect(own.holds).toEqual([...alone.holds, "staff"].sort());
      expect(own.code).toBe(alone.revokedBy ? "REVOKED" : "SUSPENDED");
      continue;
    }
    expect(row.extendedUntil).toEqual(extendedUntil);
    expect(worksUntil(row)?.getTime()).toBeGreaterThanOrEqual(extendedUntil?.getTime() ?? 0);
    expect(row.holds.map(({ cause }) => kindOfHold(cause))).not.toContain("unpaid");
    if (row.holds.length === 0) expect(own.code).toBe("VALID");
  }
}
