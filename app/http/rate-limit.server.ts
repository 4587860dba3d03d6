import { isIPv6 } from "node:net";
import { giveTurnBack, type Limit, type Turn, takeTurn } from "#app/infra/rate-limiter.server.ts";

const minute = 60;
const hour = 3_600;

/** How often anybody may. The key of each is in its name's last part: who is counted. */
const limits = {
  "sign-in-code-by-email": { turns: 5, windowSeconds: hour },
  "sign-in-code-by-known-device": { turns: 5, windowSeconds: hour },
  "sign-in-code-by-client": { turns: 20, windowSeconds: hour },
  "sign-in-try-by-client": { turns: 30, windowSeconds: 10 * minute },
  "sign-in-try-by-known-device": { turns: 30, windowSeconds: 10 * minute },
  "staff-password-by-email-and-client": { turns: 5, windowSeconds: 15 * minute },
  "staff-password-by-client": { turns: 20, windowSeconds: 15 * minute },
  "staff-password-by-email": { turns: 100, windowSeconds: hour },
  "staff-password-by-known-device": { turns: 10, windowSeconds: 15 * minute },
  "checkout-by-client": { turns: 60, windowSeconds: 10 * minute },
  "payment-page-by-customer": { turns: 60, windowSeconds: 10 * minute },
  "offline-request-by-client": { turns: 60, windowSeconds: 10 * minute },
  "checkout-return-by-client": { turns: 300, windowSeconds: 10 * minute },
} as const satisfies Record<string, Omit<Limit, "name">>;
export type LimitName = keyof typeof limits;

/**
 * Takes one turn of `key`, counted over all processes; refused turns count as well but do not lengthen the wait.
 * @returns `retryAfterSeconds` until the window ends, 0 when allowed.
 */
export function consume(limit: LimitName, key: string): Promise<Turn> {
  return takeTurn({ name: limit, ...limits[limit] }, key);
}

/** Undoes one `consume`, for limits that only count failures. */
export function giveBack(limit: LimitName, key: string): Promise<void> {
  return giveTurnBack({ name: limit, ...limits[limit] }, key);
}

/**
 * Who is counted for this address: an IPv4 address itself, the /64 of an IPv6 address, because one subscriber
 * owns all 2^64 of them. IPv4 addresses written as IPv6 are IPv4 addresses.
 */
export function clientKey(clientAddress: string): string {
  const address = clientAddress.split("%")[0]?.toLowerCase() ?? "";
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (mapped) return mapped;
  if (!isIPv6(address)) return address.slice(0, 64);
  const [head = "", tail = ""] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const tailGroups = tail === "" ? [] : tail.split(":");
  // An embedded IPv4 tail (64:ff9b::192.0.2.1) stands for two groups.
  const tailLength = tailGroups.length + (tail.includes(".") ? 1 : 0);
  if (address.includes("::")) {
    while (groups.length + tailLength < 8) groups.push("0");
    groups.push(...tailGroups);
  }
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(":")}::/64`;
}

/** "12 seconds", "1 minute", "2 hours": rounded up, so that who waits that long is let in. */
export function waitWords(seconds: number): string {
  const [count, unit] =
    seconds < 90
      ? [Math.max(1, Math.ceil(seconds)), "second"]
      : seconds < 90 * minute
        ? [Math.ceil(seconds / minute), "minute"]
        : [Math.ceil(seconds / hour), "hour"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
