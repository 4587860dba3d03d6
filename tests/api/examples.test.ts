// Runs every example of the API reference against a real server and compares the answers with the documented ones.
// UPDATE_EXAMPLES=1 writes the answers anew (app/api/v1/example-answers.ts).
import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { exampleAnswers } from "#app/api/v1/example-answers.ts";
import { exampleRequests, exampleWorld } from "#app/api/v1/example-requests.ts";
import { endpointName } from "#app/api/v1/openapi.server.ts";
import { v1Endpoints } from "#app/api/v1/v1.server.ts";
import { createApiKey } from "#app/domain/api-key/api-key.server.ts";
import { scopes } from "#app/domain/api-key/scopes.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { db } from "#app/infra/db.server.ts";
import { callApi, startApi } from "#tests/api/api-server.ts";
import { aCustomer, aLicense, anActivation, aPolicy, aProduct } from "#tests/factories.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

await useTestRuntime();
const { url } = await startApi();
const apiKey = await makeWorld();

async function makeWorld(): Promise<string> {
  const now = new Date();
  const product = await aProduct({
    ...{ slug: exampleWorld.product, name: "Lumen", keyPrefix: "LUMEN", description: "A photo editor" },
  });
  const terms = { term: "days", termDays: 365, deviceLimit: 3, entitlements: { raw: true } };
  const policy = await aPolicy({
    slug: exampleWorld.policy,
    name: "One year",
    productId: product.id,
    ...terms,
  });
  const customer = await aCustomer({ email: "mia@example.com", name: "Mia Nolte" });
  const license = await aLicense({
    ...{ id: exampleWorld.licenseId, key: exampleWorld.key, policyId: policy.id, customerId: customer.id },
    ...{
      entitlements: { raw: true },
      paidUntil: new Date(now.getTime() + 200 * 86_400_000),
      firstActivatedAt: now,
    },
  });
  await anActivation({
    ...{ id: exampleWorld.deviceId, licenseId: license.id, fingerprint: exampleWorld.fingerprint },
    ...{ name: "Studio Mac", platform: "macOS 16.1", appVersion: "2.3.1" },
  });
  const maker = { actor: systemActor("test"), now, requestId: null, createdBy: "olga@example.com" };
  const made = await createApiKey({ ...maker, name: "Examples", scopes: [...scopes], expiresAt: null });
  const target = await createApiKey({
    ...maker,
    name: "Old job",
    scopes: ["licenses:read"],
    expiresAt: null,
  });
  await db().apiKey.update({ where: { id: target.record.id }, data: { id: exampleWorld.apiKeyId } });
  return made.key;
}

/** What differs from run to run: ids, keys, instants, numbers of rows, signatures. */
function masked(value: unknown): unknown {
  const text = JSON.stringify(value)
    .replace(/"(lic|act|ord|cust|prod|pol|key)_[0-9a-z]{26}"/g, '"$1_…"')
    .replace(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"(instant)"')
    .replace(/LUMEN(-[0-9A-Z]{4}){7}/g, "LUMEN-…")
    .replace(/"(key|hint)":"lk_[^"]+"/g, '"$1":"lk_…"')
    .replace(/"(number|version)":\d+/g, '"$1":0')
    .replace(/"(certificate|token|keyId|kid|publicKey|hex|pem|x|nextCursor)":"[^"]+"/g, '"$1":"…"');
  return JSON.parse(text);
}

test("every endpoint has an example, and every example its endpoint", () => {
  expect(Object.keys(exampleRequests).sort()).toEqual(v1Endpoints.map(endpointName).sort());
});

test("every documented example is answered as documented", async () => {
  const answers: typeof exampleAnswers = {};
  for (const [name, { params = {}, query = "", body }] of Object.entries(exampleRequests)) {
    const [method = "", pattern = ""] = name.split(" ");
    const path = pattern.replace(/:(\w+)/g, (_, param: string) => params[param] ?? "");
    const { status, body: answer } = await callApi(`${url}${path}${query}`, {
      method,
      headers: { Authorization: `Bearer ${apiKey}` },
      ...(body && { body }),
    });
    expect(status, `${name}: ${JSON.stringify(answer)}`).toBeLessThan(300);
    answers[name] = { status, body: answer as (typeof exampleAnswers)[string]["body"] }; // parsed JSON
  }
  if (process.env.UPDATE_EXAMPLES) write(answers);
  else expect(masked(answers)).toEqual(masked(exampleAnswers));
});

function write(answers: typeof exampleAnswers): void {
  const lines = [
    "type Json = null | boolean | number | string | Json[] | { [name: string]: Json };",
    "",
    "/** What a server answered to the example requests; tests/api/examples.test.ts writes it and compares. */",
    `export const exampleAnswers: Record<string, { status: number; body: Json }> = ${JSON.stringify(answers, null, 2)};`,
    "",
  ];
  writeFileSync("app/api/v1/example-answers.ts", lines.join("\n"));
}
