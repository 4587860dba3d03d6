import {
  authForgeClient,
  type DialectClient,
  keygenClient,
  latchkeyClient,
  lemonSqueezyClient,
  simpleLicenseServerClient,
} from "#tests/api/dialect-clients.ts";

/** The systems whose apps take seats. */
export const seatDialects = [
  "Latchkey",
  "Lemon Squeezy",
  "Keygen",
  "Simple License Server",
  "AuthForge",
] as const;
export type SeatDialect = (typeof seatDialects)[number];

/** An app of that system, sold as `product`; `backEnd` are the headers of an API key for what only a back end may do. */
export function clientOf(
  dialect: SeatDialect,
  server: { url: string; product: string; backEnd: Record<string, string> },
): DialectClient {
  const { url, product, backEnd } = server;
  switch (dialect) {
    case "Latchkey":
      return latchkeyClient(url, product);
    case "Lemon Squeezy":
      return lemonSqueezyClient(url, product);
    case "Keygen":
      return keygenClient(url, product);
    case "Simple License Server":
      return simpleLicenseServerClient(url, product);
    case "AuthForge":
      return authForgeClient(url, product, backEnd);
  }
}

/** What an app is told that gets a seat, and what one for which there is none. */
export const grantedSeat: Record<SeatDialect, string> = {
  Latchkey: "200 valid VALID active",
  "Lemon Squeezy": "200 activated active",
  Keygen: "201 machines",
  "Simple License Server": "200 valid active",
  AuthForge: "200 success",
};
export const refusedSeat: Record<SeatDialect, string> = {
  Latchkey: "200 DEVICE_LIMIT_REACHED active",
  "Lemon Squeezy": "400 active This license key has reached the activation limit.",
  Keygen: "422 MACHINE_LIMIT_EXCEEDED",
  "Simple License Server": "200 active activation_limit_reached",
  AuthForge: "403 failed hwid_mismatch",
};
