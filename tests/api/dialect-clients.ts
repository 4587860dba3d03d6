import { randomUUID } from "node:crypto";

// For every system that Latchkey speaks like: the least that an app of its customers does, over HTTP.

export type Reply = { status: number; body: unknown; headers: Headers };

export type DialectClient = {
  name: string;
  /** Whether the license works; on `device`, unless that is null or the system knows no such question. */
  check(key: string, device: string | null): Promise<Reply>;
  activate(key: string, device: string, headers?: Record<string, string>): Promise<Reply>;
  deactivate(key: string, device: string): Promise<Reply>;
  /** What the app concludes from an answer, in one line: status, then the words its program branches on. */
  says(reply: Reply): string;
};

type Fields = Record<string, unknown>;

/** A member of an answer, by its path; undefined where there is none. */
export function at(body: unknown, ...path: (string | number)[]): unknown {
  let value = body;
  for (const step of path) {
    if (value === null || typeof value !== "object") return undefined;
    value = (value as Record<string | number, unknown>)[step]; // any object may be asked for any key
  }
  return value;
}

export async function send(
  url: string,
  {
    method = "POST",
    body,
    headers = {},
  }: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Reply> {
  const response = await fetch(url, {
    method,
    headers: { ...(body !== undefined && { "Content-Type": "application/json" }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === "" ? null : JSON.parse(text),
    headers: response.headers,
  };
}

const line = (...words: unknown[]) =>
  words.filter((word) => typeof word === "string" || typeof word === "number").join(" ");

/** `product` is the slug of the product that the app is. */
export function latchkeyClient(url: string, product: string): DialectClient {
  const post = (act: string, body: Fields, headers: Record<string, string> = {}) =>
    send(`${url}/api/v1/licenses/${act}`, { body: { product, ...body }, headers });
  return {
    name: "Latchkey",
    check: (key, device) => post("validate", { key, ...(device !== null && { fingerprint: device }) }),
    activate: (key, fingerprint, headers) => post("activate", { key, fingerprint }, headers),
    deactivate: (key, fingerprint) => post("deactivate", { key, fingerprint }),
    says: ({ status, body }) =>
      line(status, at(body, "valid") === true && "valid", at(body, "code"), at(body, "license", "status")),
  };
}

/** Remembers the instance of each device, as an app does. */
export function lemonSqueezyClient(url: string, product?: string): DialectClient {
  const instances = new Map<string, string>();
  const post = (act: string, fields: Fields, headers: Record<string, string> = {}) =>
    send(`${url}/v1/licenses/${act}`, { body: { ...fields, ...(product && { product }) }, headers });
  const instanceOf = (key: string, device: string) => instances.get(`${key} ${device}`) ?? randomUUID();
  return {
    name: "Lemon Squeezy",
    check: (license_key, device) =>
      post("validate", {
        license_key,
        ...(device !== null && { instance_id: instanceOf(license_key, device) }),
      }),
    activate: async (license_key, device, headers) => {
      const reply = await post(
        "activate",
        { license_key, instance_name: device, fingerprint: device },
        headers,
      );
      const id = at(reply.body, "instance", "id");
      if (typeof id === "string") instances.set(`${license_key} ${device}`, id);
      return reply;
    },
    deactivate: (license_key, device) =>
      post("deactivate", { license_key, instance_id: instanceOf(license_key, device) }),
    says: ({ status, body }) => {
      const flag = ["activated", "valid", "deactivated"].find((name) => at(body, name) === true);
      return line(status, flag, at(body, "license_key", "status"), at(body, "error"));
    },
  };
}

export function keygenClient(url: string, product?: string): DialectClient {
  const base = `${url}/v1/accounts/acme`;
  const media = { "Content-Type": "application/vnd.api+json", Accept: "application/vnd.api+json" };
  const licenseIds = new Map<string, Promise<string>>();
  const check = (key: string, device: string | null) =>
    send(`${base}/licenses/actions/validate-key`, {
      headers: media,
      body: {
        meta: {
          key,
          scope: { ...(product && { product }), ...(device !== null && { fingerprint: device }) },
        },
      },
    });
  // Machines name their license by id, which a stock client knows from its first validation.
  const licenseId = (key: string) => {
    const asked = licenseIds.get(key) ?? check(key, null).then(({ body }) => String(at(body, "data", "id")));
    licenseIds.set(key, asked);
    return asked;
  };
  return {
    name: "Keygen",
    check,
    activate: async (key, fingerprint, headers) =>
      send(`${base}/machines`, {
        headers: { ...media, Authorization: `License ${key}`, ...headers },
        body: {
          data: {
            type: "machines",
            attributes: { fingerprint, name: fingerprint },
            relationships: { license: { data: { type: "licenses", id: await licenseId(key) } } },
          },
        },
      }),
    deactivate: (key, fingerprint) =>
      send(`${base}/machines/${encodeURIComponent(fingerprint)}`, {
        method: "DELETE",
        headers: { ...media, Authorization: `License ${key}` },
      }),
    says: ({ status, body }) =>
      line(
        status,
        at(body, "meta", "valid") === true && "valid",
        at(body, "meta", "code") ?? at(body, "errors", 0, "code") ?? at(body, "data", "type"),
        at(body, "meta", "code") === undefined ? null : at(body, "data", "attributes", "status"),
      ),
  };
}

export function simpleLicenseServerClient(url: string, product?: string): DialectClient {
  const post = (act: string, body: Fields, headers: Record<string, string> = {}) =>
    send(`${url}/${act}`, { body: { ...body, ...(product && { product }) }, headers });
  return {
    name: "Simple License Server",
    // It knows no question without a device.
    check: (license_key, device) => post("validate", { license_key, fingerprint: device ?? "no device" }),
    activate: (license_key, fingerprint, headers) => post("activate", { license_key, fingerprint }, headers),
    deactivate: (license_key, fingerprint) => post("deactivate", { license_key, fingerprint }),
    says: ({ status, body }) =>
      line(
        status,
        at(body, "valid") === true && "valid",
        at(body, "status"),
        at(body, "reason"),
        at(body, "error"),
      ),
  };
}

/** `backEnd` are the headers of an API key, for what only a back end may do there. */
export function authForgeClient(url: string, appId: string, backEnd: Record<string, string>): DialectClient {
  const validate = (licenseKey: string, hwid: string, headers: Record<string, string> = {}) =>
    send(`${url}/auth/validate`, { body: { appId, licenseKey, hwid, nonce: "n" }, headers });
  return {
    name: "AuthForge",
    // Without a device it is its back end that asks.
    check: (key, device) =>
      device === null
        ? send(`${url}/v1/licenses/${encodeURIComponent(key)}`, { method: "GET", headers: backEnd })
        : validate(key, device),
    activate: validate,
    deactivate: (key) =>
      send(`${url}/v1/licenses/${encodeURIComponent(key)}/hwid/reset`, { headers: backEnd }),
    says: ({ status, body }) => line(status, at(body, "status"), at(body, "error")),
  };
}

/** The license resource of its management API; its own apps ask with other means than HTTP. */
export function cryptlexLicense(url: string, backEnd: Record<string, string>, id: string): Promise<Reply> {
  return send(`${url}/v3/licenses/${id}`, { method: "GET", headers: backEnd });
}

export function cryptlexSays({ status, body }: Reply, now: Date): string {
  const expiresAt = at(body, "expiresAt");
  return line(
    status,
    at(body, "revoked") === true && "revoked",
    at(body, "suspended") === true && "suspended",
    typeof expiresAt === "string" && new Date(expiresAt) <= now && "expired",
  );
}

/** Goes on with a session on `device` that began on the device the answer `begun` was for. */
export async function authForgeHeartbeat(
  url: string,
  appId: string,
  begun: Reply,
  device: string,
): Promise<Reply> {
  const payload = Buffer.from(String(at(begun.body, "payload")), "base64").toString("utf8");
  const sessionToken = at(JSON.parse(payload), "sessionToken");
  return send(`${url}/auth/heartbeat`, { body: { appId, sessionToken, hwid: device, nonce: "n" } });
}
