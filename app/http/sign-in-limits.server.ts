import { clientKey, consume, giveBack, type LimitName, waitWords } from "#app/http/rate-limit.server.ts";
import type { Turn } from "#app/infra/rate-limiter.server.ts";

type Asking = {
  clientAddress: string;
  /** From `knownDevice`: such a browser is not held up by what strangers do. */
  device: string | null;
};

/** May this browser have a code mailed to `email`? The client is counted first, so that one client alone cannot use up an address. */
export function takeCodeTurn({ email, clientAddress, device }: Asking & { email: string }): Promise<Turn> {
  return device
    ? takeAll([["sign-in-code-by-known-device", email]])
    : takeAll([
        ["sign-in-code-by-client", clientKey(clientAddress)],
        ["sign-in-code-by-email", email],
      ]);
}

/** May this browser try a code? Each flow allows five tries besides. */
export function takeTryTurn({ clientAddress, device }: Asking): Promise<Turn> {
  return device
    ? takeAll([["sign-in-try-by-known-device", device]])
    : takeAll([["sign-in-try-by-client", clientKey(clientAddress)]]);
}

/** May this browser try a staff password? Only wrong ones count: `forgive` after the right one. */
export async function takePasswordTurn(
  asking: Asking & { email: string },
): Promise<Turn & { forgive: () => Promise<void> }> {
  const { email, clientAddress, device } = asking;
  const client = clientKey(clientAddress);
  const turns: LimitAndKey[] = device
    ? [["staff-password-by-known-device", email]]
    : [
        ["staff-password-by-client", client],
        ["staff-password-by-email-and-client", `${email} ${client}`],
        ["staff-password-by-email", email],
      ];
  const forgive = async () => {
    for (const [limit, key] of turns) await giveBack(limit, key);
  };
  return { ...(await takeAll(turns)), forgive };
}

/** What a refused person reads; the same for every address. */
export function tooManyWords(what: string, { retryAfterSeconds }: Turn): string {
  return `${what} Please wait ${waitWords(retryAfterSeconds)} and try again.`;
}

type LimitAndKey = [limit: LimitName, key: string];

async function takeAll(turns: LimitAndKey[]): Promise<Turn> {
  for (const [limit, key] of turns) {
    const turn = await consume(limit, key);
    if (!turn.allowed) return turn;
  }
  return { allowed: true, retryAfterSeconds: 0 };
}
