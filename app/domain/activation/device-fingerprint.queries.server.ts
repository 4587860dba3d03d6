import { currentDb } from "#app/infra/db.server.ts";
import { decrypt } from "#app/infra/secrets.server.ts";

/**
 * What the device of this activation calls itself, in clear: only for whoever holds the key of its license.
 * @throws Error when it was sealed under another master key, or there is no such activation.
 */
export async function readFingerprint(activationId: string): Promise<string> {
  const { fingerprintCiphertext } = await currentDb().activation.findUniqueOrThrow({
    where: { id: activationId },
    select: { fingerprintCiphertext: true },
  });
  return decrypt("fingerprint-encryption", fingerprintCiphertext, activationId);
}
