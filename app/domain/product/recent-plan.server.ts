import { pool } from "#app/infra/db.server.ts";
import { singleton } from "#app/infra/singleton.server.ts";

/** The plan a license was sold as, as the license API tells it. */
export type RecentPlan = {
  product: { id: string; number: number; slug: string; name: string };
  policy: { id: string; number: number; slug: string; name: string; offlineHours: number | null };
};

/** How old what is told may be: the catalog hardly changes, and every call of every app asks. */
const freshMs = 1_000;

type Plans = Promise<ReadonlyMap<string, RecentPlan>>;
type State = { plans: Plans | null; at: number; of: unknown };

/**
 * Product and policy of a license, as they were a second ago at most; one query a second for all calls together.
 * @throws when the database does not answer.
 */
export async function recentPlan(policyId: string): Promise<RecentPlan> {
  const plan = (await recentPlans(freshMs)).get(policyId) ?? (await recentPlans(0)).get(policyId);
  if (!plan) throw new Error(`There is no policy ${policyId}.`);
  return plan;
}

function recentPlans(oldestMs: number): Plans {
  const state = singleton<State>("recent-plans", () => ({ plans: null, at: 0, of: null }));
  const now = performance.now();
  // Another pool is another database.
  if (state.plans && state.of === pool() && now - state.at < oldestMs) return state.plans;
  const plans = readPlans();
  Object.assign(state, { plans, at: now, of: pool() });
  plans.catch(() => {
    if (state.plans === plans) state.plans = null;
  });
  return plans;
}

type Row = {
  id: string;
  number: number;
  slug: string;
  name: string;
  offline_hours: number | null;
  product_id: string;
  product_number: number;
  product_slug: string;
  product_name: string;
};

async function readPlans(): Plans {
  const { rows } = await pool().query<Row>({
    name: "recent-plans",
    text: `SELECT y.id, y.number, y.slug, y.name, y.offline_hours, p.id AS product_id, p.number AS product_number,
             p.slug AS product_slug, p.name AS product_name
           FROM policy y JOIN product p ON p.id = y.product_id`,
  });
  return new Map(rows.map((row) => [row.id, toPlan(row)]));
}

function toPlan(row: Row): RecentPlan {
  const { id, number, slug, name, offline_hours: offlineHours } = row;
  return {
    product: {
      id: row.product_id,
      number: row.product_number,
      slug: row.product_slug,
      name: row.product_name,
    },
    policy: { id, number, slug, name, offlineHours },
  };
}
