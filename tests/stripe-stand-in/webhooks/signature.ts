import { createHmac } from "node:crypto";

export type SignatureOptions = {
  secrets: readonly string[];
  /** Whole seconds since 1970. */
  timestampSeconds: number;
  /** Stripe signs with `v1`; `v0` is the scheme receivers must not accept. */
  scheme?: string;
};

/** The `Stripe-Signature` header for these exact bytes: one signature for each secret, so that a secret can be rolled. */
export function signatureHeader(body: string, options: SignatureOptions): string {
  const scheme = options.scheme ?? "v1";
  const signatures = options.secrets.map((secret) => {
    const digest = createHmac("sha256", secret).update(`${options.timestampSeconds}.${body}`).digest("hex");
    return `${scheme}=${digest}`;
  });
  return [`t=${options.timestampSeconds}`, ...signatures].join(",");
}
