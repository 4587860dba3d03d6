type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

export type ExampleRequest = {
  /** What stands in the address for `:name`. */
  params?: Record<string, string>;
  /** With its question mark. */
  query?: string;
  body?: { [name: string]: Json };
};

/** What the examples are about; a test makes these and runs every example in the order below. */
export const exampleWorld = {
  key: "LUMEN-7K3M-Q4ZC-9T2H-XWA5-BNR8-PVY6-DEX8",
  licenseId: "lic_01mg08gp80fapt8svk9fdkk9ck",
  deviceId: "act_01mg08gp80fwmawn8td84tr1kj",
  apiKeyId: "key_01mg08gp80fmva9yk718gjdbgw",
  product: "lumen",
  policy: "lumen-year",
  fingerprint: "4c4c4544-0042-3510-8053-b7c04f4a5931",
} as const;

const { key, product, fingerprint } = exampleWorld;
const check = { product, key, fingerprint };
const laptop = { product, key, fingerprint: "a2b8f0e61c9d4d6f8f63" };
const params = { id: exampleWorld.licenseId };
const ofKey = { id: exampleWorld.apiKeyId };

/** One request for each endpoint, by method and address, in an order in which each finds what it needs. */
export const exampleRequests: Record<string, ExampleRequest> = {
  "POST /api/v1/licenses/validate": { body: { ...check, nonce: "b6a1f0" } },
  "POST /api/v1/licenses/activate": {
    body: { ...laptop, name: "Mia's laptop", platform: "macOS 16.1", appVersion: "2.4.0" },
  },
  "POST /api/v1/licenses/deactivate": { body: laptop },
  "POST /api/v1/licenses/heartbeat": { body: { ...check, appVersion: "2.4.0" } },
  "POST /api/v1/licenses/check-out": { body: { ...check, ttlSeconds: 86_400 } },
  "POST /api/v1/licenses": {
    body: {
      policy: "lumen-year",
      customer: { email: "mia@example.com", name: "Mia Nolte" },
      metadata: { subscription: "sub_1Q8fXk" },
      reason: "Sale 1042 in our own shop",
    },
  },
  "GET /api/v1/licenses": { query: "?metadata[subscription]=sub_1Q8fXk&limit=10" },
  "POST /api/v1/licenses/search": { body: { key } },
  "GET /api/v1/licenses/:id": { params },
  "PATCH /api/v1/licenses/:id": {
    params,
    body: { deviceLimit: 5, metadata: { subscription: "sub_1Q8fXk", tier: "team" } },
  },
  "GET /api/v1/licenses/:id/devices": { params },
  "DELETE /api/v1/licenses/:id/devices/:deviceId": {
    params: { ...params, deviceId: exampleWorld.deviceId },
  },
  "POST /api/v1/licenses/:id/extend": { params, body: { months: 3, reason: "Made up for an outage" } },
  "POST /api/v1/licenses/:id/suspend": { params, body: { reason: "Invoice 77 is overdue" } },
  "POST /api/v1/licenses/:id/reinstate": { params, body: {} },
  "POST /api/v1/licenses/:id/resend": { params, body: {} },
  "POST /api/v1/licenses/:id/rotate-key": { params, body: { overlapHours: 72, reason: "Key leaked" } },
  "POST /api/v1/licenses/:id/revoke": { params, body: { reason: "Chargeback", notifyCustomer: true } },
  "GET /api/v1/products": {},
  "GET /api/v1/products/:id": { params: { id: product } },
  "GET /api/v1/policies": { query: `?product=${product}` },
  "GET /api/v1/policies/:id": { params: { id: exampleWorld.policy } },
  "POST /api/v1/api-keys": {
    body: { name: "Shop back end", scopes: ["licenses:read", "licenses:write"] },
  },
  "GET /api/v1/api-keys": { query: "?limit=1" },
  "POST /api/v1/api-keys/:id/rotate": { params: ofKey, body: { overlapHours: 24 } },
  "POST /api/v1/api-keys/:id/revoke": { params: ofKey, body: {} },
  "GET /api/v1/signing-keys": {},
  "GET /api/v1/signing-keys/jwks": {},
};
