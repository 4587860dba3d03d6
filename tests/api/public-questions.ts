import { randomUUID } from "node:crypto";

// Every route that takes a license key from somebody who has no other secret, one call of each.

export type PublicAnswer = { status: number; text: string; headers: Headers; ms: number };

export type PublicQuestion = {
  name: string;
  /** Asks about a key, as an app of the product "lumen". `from` is the address a trusted proxy would name. */
  ask(url: string, key: string, from?: string): Promise<PublicAnswer>;
  /** Whether it was answered as a key that exists. */
  isKnown(answer: PublicAnswer): boolean;
  /** The answer without what differs each time. */
  comparable(answer: PublicAnswer, key: string): { status: number; text: string };
  /** Whether the request names its product, so that keys of another one are unknown to it. */
  namesProduct: boolean;
  /** Whether the key stands in a header, which holds no characters beyond Latin-1. */
  inHeader: boolean;
};

type Sent = { method?: string; path: string; body?: unknown; authorization?: string };

function question(
  name: string,
  request: (key: string) => Sent,
  unknown: RegExp,
  namesProduct = false,
): PublicQuestion {
  return {
    name,
    namesProduct,
    inHeader: request("").authorization !== undefined,
    async ask(url, key, from) {
      const { method = "POST", path, body, authorization } = request(key);
      const headers: Record<string, string> = {
        ...(body !== undefined && { "Content-Type": "application/json" }),
        ...(authorization !== undefined && { Authorization: authorization }),
        ...(from !== undefined && { "X-Forwarded-For": from }),
      };
      const startedAt = performance.now();
      const sent = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
      const response = await fetch(url + path, sent);
      const text = await response.text();
      const ms = performance.now() - startedAt;
      return { status: response.status, text, headers: response.headers, ms };
    },
    isKnown: ({ status, text }) => status !== 429 && status < 500 && !unknown.test(text),
    comparable: ({ status, text }, key) => ({
      status,
      text: text
        .replaceAll(JSON.stringify(key).slice(1, -1), "(key)")
        .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "(time)")
        .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "(uuid)"),
    }),
  };
}

const fingerprint = "device-1";
const product = "lumen";
const own = (act: string, more: object = {}) =>
  question(
    `Latchkey ${act}`,
    (key) => ({ path: `/api/v1/licenses/${act}`, body: { product, key, ...more } }),
    /license_not_found/,
    true,
  );
const lemon = (act: string, more: object = {}) =>
  question(
    `Lemon Squeezy ${act}`,
    (license_key) => ({ path: `/v1/licenses/${act}`, body: { license_key, product, ...more } }),
    /license_key not found/,
    true,
  );
const simple = (act: string) =>
  question(
    `Simple License Server ${act}`,
    (license_key) => ({ path: `/${act}`, body: { license_key, fingerprint } }),
    /license not found/,
  );
const keygen = (name: string, path: string, method = "GET", body?: object) =>
  question(
    `Keygen ${name}`,
    (key) => ({ method, path: `/v1/accounts/x/${path}`, authorization: `License ${key}`, body }),
    /LICENSE_INVALID|TOKEN_INVALID/,
  );
const machine = { data: { type: "machines", attributes: { fingerprint: "machine-1" } } };

export const publicQuestions: readonly PublicQuestion[] = [
  own("validate"),
  own("activate", { fingerprint }),
  own("deactivate", { fingerprint }),
  own("heartbeat", { fingerprint }),
  own("check-out", { fingerprint }),
  lemon("validate"),
  lemon("activate", { instance_name: "Mac", fingerprint }),
  lemon("deactivate", { instance_id: randomUUID() }),
  simple("validate"),
  simple("activate"),
  simple("deactivate"),
  question(
    "AuthForge validate",
    (licenseKey) => ({ path: "/auth/validate", body: { appId: product, licenseKey, hwid: fingerprint } }),
    /invalid_key/,
  ),
  question(
    "Keygen validate-key",
    (key) => ({ path: "/v1/accounts/x/licenses/actions/validate-key", body: { meta: { key } } }),
    /NOT_FOUND/,
  ),
  keygen("who am I", "me"),
  keygen("machines", "machines"),
  keygen("activate", "machines", "POST", machine),
];
