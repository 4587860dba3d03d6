import { findOrCreateCustomer, normalizeEmail } from "#app/domain/customer/customer.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { changeLicense, type LicenseChange } from "#app/domain/license/change-license.server.ts";

/**
 * Gives a license that has no owner to the customer of this address, who is made when unknown. One that has an owner
 * keeps it. Nobody is told by mail: the key can be sent with `resendLicense` afterwards.
 * @throws DomainError what `changeLicense` throws; INVALID on the field `email`, or because the license has an owner.
 */
export function assignLicense(
  request: Omit<LicenseChange, "notifyCustomer" | "note"> & { email: string; name?: string | undefined },
): Promise<{ message: string }> {
  const email = normalizeEmail(request.email);
  return changeLicense({ ...request, notifyCustomer: false }, async (license, tx) => {
    if (license.customer)
      throw new DomainError("INVALID", `This license belongs to ${license.customer.email} already.`);
    if (license.revokedAt)
      throw new DomainError("INVALID", "This license was revoked, which is final. It cannot be assigned.");
    if (!/^[^\s@]+@[^\s@]+$/.test(email) || email.length > 254)
      throw new DomainError("INVALID", "Enter an address such as name@example.com.", { field: "email" });
    const { actor, now } = request;
    const customer = await findOrCreateCustomer(tx, {
      email,
      name: request.name?.trim() || null,
      actor,
      now,
    });
    return {
      change: "assigned",
      columns: { customerId: customer.id },
      recorded: { owner: customer.email },
      message: `License assigned to ${customer.email}, who finds it in the portal from now on.`,
      withoutMail: true,
    };
  });
}
