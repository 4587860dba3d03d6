import { isIP } from "node:net";
import { EnvError } from "#app/infra/env.server.ts";

const remedy =
  "TRUST_PROXY: the number of proxies in front (for example 1), or their addresses or networks, separated by commas (for example 10.0.0.0/8, loopback). Leave it out when there is none.";
const namedNetworks = ["loopback", "linklocal", "uniquelocal"];

/**
 * Which proxies may tell the client's address, in Express's words. "true" is refused on purpose: it would let
 * anybody name any address.
 * @throws EnvError that says what to put there.
 */
export function trustedProxies(value: string | undefined): number | string[] | false {
  if (value === undefined || value === "0" || value === "false") return false;
  if (/^[1-9]\d?$/.test(value)) return Number(value);
  const networks = value.split(",").map((part) => part.trim());
  if (!networks.every(isNetwork)) throw new EnvError(`Latchkey cannot start. Please set:\n  - ${remedy}`);
  return networks;
}

function isNetwork(text: string): boolean {
  if (namedNetworks.includes(text)) return true;
  const [address = "", bits, ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
