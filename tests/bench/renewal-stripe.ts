import { createHmac } from "node:crypto";
import { Agent, createServer, request as httpRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import pg from "pg";
import {
  digitsOf,
  type Position,
  serialIn,
  subscriptionId,
  takeRenewalAnswers,
} from "#tests/bench/renewal-answers.ts";

// Stripe for the bench of renewals, a process of its own: it answers what a sync asks, from memory and at once, and posts
// the events. A hundred thousand subscriptions cost it nothing; only how often each was renewed is kept, for each shop.

export type StripeOfBench = { apiBase: string; priceId: string };

export type RenewalJob = {
  /** The API key of the shop, by which Stripe knows it. */
  key: string;
  port: number;
  secret: string;
  /** One renewal for each, in this order. */
  serials: number[];
  inFlight: number;
  /** The first Latchkey hears of them: nothing is renewed yet. */
  isFirst: boolean;
  /** Where to look whether the license was extended; null = it is when the event is answered. */
  databaseUrl: string | null;
};
export type RenewalResult = { perSecond: number; p50Ms: number; p99Ms: number };

const answers = await takeRenewalAnswers();
const renewalsOf = new Map<string, number>();
const keyOf = (key: string, serial: number) => `${key}:${serial}`;
const positionOf = (key: string, serial: number): Position => ({
  serial,
  renewals: renewalsOf.get(keyOf(key, serial)) ?? 0,
});

const emptyList = '{"object":"list","data":[],"has_more":false,"url":"/v1"}';

function answerTo({ url = "", headers }: IncomingMessage): string {
  const serial = serialIn(url);
  const key = (headers.authorization ?? "").replace("Bearer ", "");
  if (serial !== null && url.startsWith("/v1/subscriptions/"))
    return answers.subscription(positionOf(key, serial));
  if (serial !== null && url.startsWith("/v1/invoices?")) return answers.invoices(positionOf(key, serial));
  // No refunds, no disputes, no checkout behind it; and nothing for the sweeps of a shop that starts.
  return emptyList;
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const body = answerTo(request);
  request.resume();
  response.writeHead(200, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) });
  response.end(body);
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo; // listening on TCP, so an AddressInfo
  process.send?.({ apiBase: `http://127.0.0.1:${port}`, priceId: answers.priceId });
});

const sockets = new Agent({ keepAlive: true, maxSockets: 64 });

function post({ port, secret }: RenewalJob, body: string): Promise<void> {
  const signedAt = Math.floor(Date.now() / 1000);
  const signature = createHmac("sha256", secret).update(`${signedAt}.${body}`).digest("hex");
  const headers = {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "stripe-signature": `t=${signedAt},v1=${signature}`,
  };
  const to = { host: "127.0.0.1", port, path: "/webhooks/stripe", method: "POST", agent: sockets, headers };
  return new Promise((resolve, reject) => {
    const request = httpRequest(to, (response) => {
      response.resume();
      response.on("end", () =>
        response.statusCode === 200
          ? resolve()
          : reject(new Error(`An event was answered with ${response.statusCode}.`)),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

type Watch = {
  /** Leaves time for the pause that two syncs of one purchase keep; outside of what is measured. */
  rest: (serial: number) => Promise<void>;
  extended: (serial: number, until: Date) => Promise<void>;
  end: () => Promise<void>;
};

const nothingToWatch: Watch = {
  rest: () => Promise.resolve(),
  extended: () => Promise.resolve(),
  end: () => Promise.resolve(),
};
const lookEveryMs = 2;
const patienceMs = 60_000;

/** Looks for the licenses waited for, all in one query, every so often; no trigger, the database is as it ships. */
async function watch(databaseUrl: string): Promise<Watch> {
  const pool = new pg.Pool({ connectionString: databaseUrl, application_name: "bench", max: 2 });
  const waiting = new Map<
    string,
    { until: Date; since: number; done: () => void; fail: (e: Error) => void }
  >();
  let looking = false;
  async function look(): Promise<void> {
    looking = true;
    while (waiting.size > 0) {
      const { rows } = await pool.query<{ source_id: string; paid_until: Date }>({
        name: "look",
        text: "SELECT source_id, paid_until FROM license WHERE source_id = ANY($1)",
        values: [[...waiting.keys()]],
      });
      for (const { source_id: id, paid_until: paidUntil } of rows) {
        const waiter = waiting.get(id);
        if (!waiter || paidUntil < waiter.until) continue;
        waiting.delete(id);
        waiter.done();
      }
      for (const [id, { since, fail }] of waiting)
        if (performance.now() - since > patienceMs) {
          waiting.delete(id);
          fail(new Error(`${id} was not extended within a minute.`));
        }
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
    looking = false;
  }
  return {
    rest: async (serial) => {
      await pool.query(
        "UPDATE stripe_source SET synced_at = synced_at - interval '1 hour' WHERE id = $1 AND synced_at > now() - interval '5 seconds'",
        [subscriptionId(serial)],
      );
    },
    extended: (serial, until) =>
      new Promise((done, fail) => {
        waiting.set(subscriptionId(serial), { until, since: performance.now(), done, fail });
        if (!looking) look().catch(fail);
      }),
    end: () => pool.end(),
  };
}

async function run(job: RenewalJob): Promise<RenewalResult> {
  const { key, serials, inFlight, databaseUrl } = job;
  const { rest, extended, end } = databaseUrl ? await watch(databaseUrl) : nothingToWatch;
  const times: number[] = [];
  let next = 0;
  let restedMs = 0;
  async function lane(): Promise<void> {
    for (;;) {
      const serial = serials[next++];
      if (serial === undefined) return;
      const at = { serial, renewals: positionOf(key, serial).renewals + (job.isFirst ? 0 : 1) };
      const restingSince = performance.now();
      await rest(serial);
      renewalsOf.set(keyOf(key, serial), at.renewals);
      const body = answers.paidEvent(at);
      const postedAt = performance.now();
      restedMs += postedAt - restingSince;
      await post(job, body);
      await extended(serial, answers.paidUntil(at));
      times.push(performance.now() - postedAt);
    }
  }
  const begunAt = performance.now();
  await Promise.all(Array.from({ length: inFlight }, lane));
  const tookMs = performance.now() - begunAt - restedMs / inFlight;
  await end();
  times.sort((a, b) => a - b);
  const quantile = (share: number) =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { perSecond: (serials.length / tookMs) * 1000, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}

process.on("message", (job: RenewalJob) => {
  run(job).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error(error, `(first of this job: ${digitsOf(job.serials[0] ?? 0)})`);
      process.exit(1);
    },
  );
});
process.once("disconnect", () => process.exit(0));
