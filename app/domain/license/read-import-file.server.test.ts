import { expect, test } from "vitest";
import { readImportFile } from "#app/domain/license/read-import-file.server.ts";

test("a table gives a license for each line; empty cells say nothing", () => {
  const table = `key,policy,email,name,validUntil,deviceLimit,metadata.order,metadata.store
A1B2-C3D4,lumen-pro,ada@example.com,Ada,2027-12-03,3,1001,
E5F6-0718,7,,,never,unlimited,,
293A-4B5C,lumen,,,2027-12-03T10:00:00.000000Z,,,`;
  expect(readImportFile(table)).toEqual({
    lines: [
      {
        ...{
          place: "line 2",
          key: "A1B2-C3D4",
          policy: "lumen-pro",
          deviceLimit: 3,
          metadata: { order: "1001" },
        },
        customer: { email: "ada@example.com", name: "Ada" },
        validUntil: new Date("2027-12-03T23:59:59.999Z"),
      },
      {
        ...{ place: "line 3", key: "E5F6-0718", policy: "7", deviceLimit: null, metadata: {} },
        ...{ customer: null, validUntil: null },
      },
      {
        ...{ place: "line 4", key: "293A-4B5C", policy: "lumen", deviceLimit: undefined, metadata: {} },
        ...{ customer: null, validUntil: new Date("2027-12-03T10:00:00Z") },
      },
    ],
    wrong: [],
  });
});

test("a JSON array says the same, with null for never and for any number", () => {
  const entry = { key: "A1B2-C3D4", policy: 7, email: null, validUntil: null, deviceLimit: null };
  const { lines, wrong } = readImportFile(JSON.stringify([{ ...entry, metadata: { order: "1001" } }]));
  expect(wrong).toEqual([]);
  expect(lines).toMatchObject([
    {
      place: "entry 1",
      policy: 7,
      customer: null,
      validUntil: null,
      deviceLimit: null,
      metadata: { order: "1001" },
    },
  ]);
});

test("each wrong line is told by its number and its reason", () => {
  const table = `key;policy;validUntil;deviceLimit;name
A;lumen;soon;;
;lumen;;;
C;lumen;;many;
D;lumen;2027-02-30;1.5;
"E
";lumen;;;Ada
F;lumen;;;;surplus`;
  expect(readImportFile(table).wrong.map(({ place, reason }) => `${place}, ${reason}`)).toEqual([
    "line 2, validUntil: a day such as 2027-12-03, an instant such as 2027-12-03T10:00:00Z, or never",
    "line 3, key: the key as customers hold it",
    "line 4, deviceLimit: a whole number, or unlimited",
    "line 5, validUntil: a day such as 2027-12-03, an instant such as 2027-12-03T10:00:00Z, or never; deviceLimit: a whole number, or unlimited",
    "line 6, name: it needs an email beside it",
    "line 8, unknown: cell 6",
  ]);
  const json = [{ key: "A", policy: "lumen", plan: "x", metadata: { n: 1 } }, "text"];
  expect(readImportFile(JSON.stringify(json)).wrong).toEqual([
    { place: "entry 1", reason: "metadata.n: a text; unknown: plan" },
    { place: "entry 2", reason: "an object with key and policy" },
  ]);
});

test.each([
  ["", /empty/],
  ["[{", /not JSON/],
  ['{"key":"A"}', /JSON array/],
  ["key,policy,Order ID\nA,lumen,1", /leave out: "Order ID"/],
  ["key,email\nA,b@example.com", /Missing: policy/],
  ["key,key,policy\nA,A,lumen", /each once/],
  ['key,policy\n"A,lumen', /never closed/],
])("%j cannot be read as a whole", (contents, reason) => {
  expect(() => readImportFile(contents)).toThrow(reason);
});
