// What docs/offline.md says, held against the code.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { machineFileDocument } from "#app/domain/license-file/license-file.ts";
import { parseOfflineRequest } from "#app/domain/license-file/offline-request.server.ts";
import { aFileLicense, device, hours, madeAt } from "#tests/offline/files.ts";
import { offlineRequestText } from "#tests/offline/request.ts";

const page = readFileSync("docs/offline.md", "utf8");
const samples = [...page.matchAll(/\(offline\/(verify\.\w+)\)/g)].map(([, name]) => name ?? "");

test("the request in the text is the JSON beside it, and the site reads it", () => {
  const json = /```json\n(\{"key".*\})\n```/.exec(page)?.[1] ?? "";
  const text = /\n(LATCHKEY-REQUEST-1\.\S+)\n/.exec(page)?.[1] ?? "";
  expect(offlineRequestText(JSON.parse(json))).toBe(text);
  expect(parseOfflineRequest(text)).toEqual(JSON.parse(json));
});

test("the document in the text has the fields that a file has", () => {
  const shown = JSON.parse(/```json\n(\{\n {2}"meta"[\s\S]*?\n\})\n```/.exec(page)?.[1] ?? "");
  const term = { issued: madeAt, expiry: hours(720), ttlSeconds: 2_592_000 };
  const made = machineFileDocument(aFileLicense(), device, { term, keyId: "21fe31dfa154a261" });
  expect(fieldsOf(shown)).toEqual(fieldsOf(JSON.parse(JSON.stringify(made))));
});

/** Every path to a value, without what the vendor names. */
function fieldsOf(value: unknown, path = ""): string[] {
  if (value === null || typeof value !== "object" || path.endsWith(".entitlements")) return [path];
  return Object.entries(value).flatMap(([name, each]) => fieldsOf(each, `${path}.${name}`));
}

test("each sample program exists and knows every reason of the table", () => {
  const reasons = [...page.matchAll(/^\| `([a-z-]+)` \| [A-Z]/gm)].map(([, reason]) => reason ?? "");
  expect(reasons).toHaveLength(8);
  expect(samples.sort()).toEqual([
    "verify.cs",
    "verify.go",
    "verify.py",
    "verify.rs",
    "verify.swift",
    "verify.ts",
  ]);
  for (const sample of samples) {
    const program = readFileSync(`docs/offline/${sample}`, "utf8");
    for (const reason of reasons) expect(program, `${sample}: ${reason}`).toContain(reason);
  }
});
