/** Why the server's word was not heard. None of these says anything about a license. */
export type TroubleKind =
  | "unreachable"
  | "timed-out"
  | "rate-limited"
  | "server-error"
  /** The server understood the call and refused it; `code` says why. */
  | "refused-call"
  /** Something else answered: a hotel's sign-in page, a proxy, a server that is no Latchkey. */
  | "not-an-answer"
  /** The answer belongs to another question. */
  | "wrong-nonce"
  /** The answer is not signed with one of the public keys, though that was required. */
  | "unsigned";

export type Trouble = {
  kind: TroubleKind;
  message: string;
  /** HTTP status; null when nothing answered. */
  status: number | null;
  /** The server's own code, such as `invalid_request`; null when it gave none. */
  code: string | null;
  /** How long the server asks to be left alone; null when it did not say. */
  retryAfterSeconds: number | null;
};

const messages: Record<TroubleKind, string> = {
  unreachable: "The license server cannot be reached. Check the internet connection.",
  "timed-out": "The license server did not answer in time.",
  "rate-limited": "The license server asks for a pause.",
  "server-error": "The license server has a problem.",
  "refused-call": "The license server refused the call.",
  "not-an-answer":
    "Something other than the license server answered. A sign-in page of the network may be in the way.",
  "wrong-nonce": "The answer of the license server belongs to another question.",
  unsigned: "The answer of the license server is not signed with a known key.",
};

export function trouble(kind: TroubleKind, facts: Partial<Omit<Trouble, "kind">> = {}): Trouble {
  return { kind, message: messages[kind], status: null, code: null, retryAfterSeconds: null, ...facts };
}

/** Whether the same call, a little later, may well succeed. */
export function isPassing({ kind }: Trouble): boolean {
  return kind === "unreachable" || kind === "timed-out" || kind === "rate-limited" || kind === "server-error";
}
