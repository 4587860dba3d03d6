import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { brokenMessages } from "#tests/api/fuzz-framing.ts";
import {
  formOf,
  garble,
  mutateHeaders,
  mutateJson,
  mutateMethod,
  mutatePath,
  mutateQuery,
  type Wire,
} from "#tests/api/fuzz-mutations.ts";
import { bytesOf, createLane, sendBytes } from "#tests/api/raw-lane.ts";
import { seededRandom } from "#tests/crash/seeded-random.ts";
import { policies } from "#tests/routes/policies.ts";
import { addressOf, formAddressOf, openSite, type Person, routes } from "#tests/routes/site.ts";

/** FUZZ_SEED plays the same requests again. */
const seed = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31));
const wholeRequests = 1_200;
const brokenRequests = 300;
const answerLimitMs = 5_000;
const lanes = 6;

const site = await openSite();
const world = await site.aWorld();
const random = seededRandom(seed);
const port = Number(new URL(site.url).port);
const pages = routes.filter(({ layout, path }) => !layout && path !== "/*");
const people: Person[] = ["anonymous", "customer", "owner"];

/** A page or a form as somebody would ask for it, or something near it. */
function nextRequest(): Wire {
  const route = pages[random.between(0, pages.length - 1)];
  if (!route) throw new Error("There is no page.");
  const acts = Object.values(policies[route.file]?.acts ?? {});
  const act = random.next() < 0.8 ? acts[random.between(0, acts.length - 1)] : undefined;
  const kind = random.pick({
    form: 8,
    path: 3,
    query: 3,
    headers: 3,
    bytes: 2,
    method: 1,
    json: 1,
    valid: 1,
  });
  const fields = act?.fields(world);
  const text = !fields
    ? ""
    : kind === "json"
      ? mutateJson(fields, random)
      : kind === "form"
        ? mutateForm(fields)
        : formOf(fields, random);
  const address = act ? (act.path ?? formAddressOf(route, world)) : addressOf(route, world);
  const target = kind === "path" ? mutatePath(address, random) : address;
  const query = kind === "query" ? mutateQuery({ q: "x", cursor: "y", sort: "z", page: "1" }, random) : "";
  const data = random.next() < 0.3 ? `_data=${encodeURIComponent(route.id)}` : "";
  const added = [query, data].filter(Boolean).join("&");
  const wire: Wire = {
    method: kind === "method" ? mutateMethod(random) : fields ? "POST" : "GET",
    target: `${target}${added && `${target.includes("?") ? "&" : "?"}${added}`}`.replaceAll(" ", "%20"),
    headers: [
      ["Host", `127.0.0.1:${port}`],
      ["Origin", site.url],
      ["Cookie", world.cookies[people[random.between(0, 2)] ?? "anonymous"]],
      ...(text === "" ? [] : [["Content-Type", "application/x-www-form-urlencoded"] as [string, string]]),
    ],
    body: kind === "bytes" ? garble(text, random) : Buffer.from(text),
  };
  return kind === "headers" ? mutateHeaders(wire, random) : wire;
}

/** One field left out, or with a value it was not made for. */
function mutateForm(fields: Record<string, string>): string {
  const names = Object.keys(fields);
  const name = names[random.between(0, names.length - 1)] ?? "";
  const { [name]: _, ...others } = fields;
  return `${new URLSearchParams(others)}&${mutateQuery({ [name]: fields[name] }, random)}`;
}

test("no page and no form fails, whatever it is sent", async () => {
  console.log(`FUZZ_SEED=${seed}`);
  const faults: string[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      const lane = createLane(port);
      while (next++ < wholeRequests && faults.length < 10) {
        const wire = nextRequest();
        const shown = JSON.stringify(bytesOf(wire).toString("latin1").slice(0, 1500));
        try {
          const answer = await lane.ask(wire, answerLimitMs).catch(() => lane.ask(wire, answerLimitMs));
          if (!answer || answer.status >= 500) faults.push(`${answer?.status ?? "hung up"}: ${shown}`);
        } catch (error) {
          faults.push(`${String(error)}: ${shown}`);
        }
      }
      lane.close();
    }),
  );
  expect(faults, `FUZZ_SEED=${seed}`).toEqual([]);
}, 240_000);

test("messages that are framed badly break no page", async () => {
  const faults: string[] = [];
  const messages = brokenMessages(brokenRequests, random, nextRequest);
  let next = 0;
  await Promise.all(
    Array.from({ length: 2 * lanes }, async () => {
      for (let pieces = messages[next++]; pieces && faults.length < 10; pieces = messages[next++]) {
        const statuses = await sendBytes(port, pieces, 60);
        if (statuses.some((status) => status >= 500 && status !== 501))
          faults.push(
            `${statuses}: ${JSON.stringify(Buffer.concat(pieces).toString("latin1").slice(0, 1500))}`,
          );
      }
    }),
  );
  expect(faults, `FUZZ_SEED=${seed}`).toEqual([]);
  expect((await site.ask("/health/live")).status).toBe(200);
}, 60_000);

test("an address with a backslash is not found", async () => {
  for (const path of ["/%5C", "/%5c%5C", "/portal/%5C", "/%5Cexample.com"])
    expect((await site.ask(path)).status, path).toBe(404);
});
