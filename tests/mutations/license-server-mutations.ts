import type { Mutation } from "#tests/mutations/mutations.ts";

const concurrent = ["tests/api/concurrent-activations.test.ts"];
const states = ["tests/api/state-table.test.ts"];
const seats = ["tests/api/seats.test.ts"];
const idempotent = ["tests/api/idempotency.test.ts"];
const idempotency = "app/domain/idempotency/idempotency.server.ts";
const findLicense = "app/domain/activation/find-license.server.ts";

/** Mistakes of license servers: seats given out twice, answers that meet, states that one dialect forgets. */
export const licenseServerMutations: readonly Mutation[] = [
  {
    name: "seats-counted-without-lock",
    mistake: "two devices count the seats at once, and both find the last one free",
    file: "app/domain/activation/activate-device.server.ts",
    find: " FOR UPDATE`;",
    replace: "`;",
    tests: concurrent,
    only: "Latchkey: of 200 devices",
  },
  {
    name: "own-seat-refused",
    mistake: "a device that has the last seat is told that there is none",
    file: "app/domain/activation/activate-device.server.ts",
    find: "refused: !isHere && !hasFreeSeat(before),",
    replace: "refused: !hasFreeSeat(before),",
    tests: seats,
    only: "the last seat",
  },
  {
    name: "lapsed-lease-counts",
    mistake: "a floating seat whose lease is over is never free again",
    file: findLicense,
    find: "d.lease_until > ",
    replace: "d.lease_until + interval '1 year' > ",
    tests: seats,
    only: "a floating seat that lapsed",
  },
  {
    name: "old-key-for-ever",
    mistake: "a key that was replaced works beyond its overlap",
    file: findLicense,
    find: "AND expires_at > ",
    replace: "AND expires_at + interval '1 year' > ",
    tests: seats,
    only: "a replaced key",
  },
  {
    name: "foreign-product",
    mistake: "the key of one product opens another",
    file: "app/api/look-up-license.server.ts",
    find: "!isProduct(found, question.product)",
    replace: 'question.product === ""',
    tests: states,
    only: "other product",
  },
  {
    name: "suspended-works-at-lemon-squeezy",
    mistake: "one dialect forgets a state: suspended licenses are valid",
    file: "app/api/lemon-squeezy/license-answer.ts",
    find: 'SUSPENDED: "This license key is disabled.",',
    replace: "SUSPENDED: null,",
    tests: states,
    only: "suspended by",
  },
  {
    name: "suspended-works-at-simple-license-server",
    mistake: "one dialect forgets a state: suspended licenses have no reason",
    file: "app/api/simple-license-server/license-answers.ts",
    find: 'SUSPENDED: "revoked",',
    replace: "SUSPENDED: null,",
    tests: states,
    only: "suspended by",
  },
  {
    name: "suspended-works-at-authforge",
    mistake: "one dialect forgets a state: suspended licenses get a session",
    file: "app/api/authforge/run-time-answers.ts",
    find: 'SUSPENDED: "revoked",',
    replace: "SUSPENDED: null,",
    tests: states,
    only: "suspended by",
  },
  {
    name: "expired-works-at-keygen",
    mistake: "one dialect forgets a state: expired licenses are valid",
    file: "app/api/keygen/judge-scope.ts",
    find: 'if (verdict.code === "EXPIRED") return no("EXPIRED", "is expired");',
    replace: "",
    tests: states,
    only: "expired",
  },
  {
    name: "two-at-once-with-one-idempotency-key",
    mistake: "two requests with the same Idempotency-Key are worked on at once",
    file: idempotency,
    find: "if (!known && !lock?.got)",
    replace: "if (!known && lock === undefined)",
    tests: idempotent,
    only: "50 times at once",
  },
  {
    name: "instants-are-alike",
    mistake:
      "two requests that differ only in an instant count as the same one: the second changes nothing and is told it did",
    file: idempotency,
    find: "if (value instanceof Date) return value.toISOString();",
    replace: "",
    tests: idempotent,
    only: "instant",
  },
  {
    name: "refusal-kept",
    mistake:
      "a refusal is kept under its Idempotency-Key: a device is refused for a month although a seat is free",
    file: idempotency,
    find: "if (!refused)",
    replace: "if (refused !== null)",
    tests: idempotent,
    only: "a seat that was refused",
  },
  {
    name: "customers-meet-in-an-idempotency-key",
    mistake: "two customers whose apps choose the same Idempotency-Key meet in one record",
    file: "app/api/handle-call.server.ts",
    find: "call.caller?.id ?? holderOf(call)",
    replace: 'call.caller?.id ?? "public"',
    tests: idempotent,
    only: "two customers",
  },
  {
    name: "transactions-take-every-connection",
    mistake: "many requests with an Idempotency-Key wait for each other's connections until all fail",
    file: "app/infra/db.server.ts",
    find: "const transactionsAtOnce = 14;",
    replace: "const transactionsAtOnce = connections;",
    tests: concurrent,
    only: "each has an Idempotency-Key",
  },
  {
    name: "seen-devices-wait",
    mistake: "what is written behind waits for rows, and two processes lock each other out",
    file: "app/domain/activation/note-seen.server.ts",
    find: " SKIP LOCKED",
    replace: "",
    tests: ["app/domain/activation/note-seen.server.test.ts"],
  },
];
