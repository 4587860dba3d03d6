import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { normalizeEmail } from "#app/domain/customer/customer.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { idOf, newId } from "#app/domain/ids.ts";
import { canBeId } from "#app/domain/search-text.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import type { Customer } from "#app/infra/prisma-client/client.ts";

type Act = { actor: Actor; now: Date; requestId: string | null };

const nameMaxLength = 200;

/** By id, UUID or address; null when there is none. */
export async function findCustomer(ref: string): Promise<Customer | null> {
  const text = ref.trim();
  if (!canBeId(text)) return null;
  return db().customer.findUnique({
    where: text.includes("@") ? { email: normalizeEmail(text) } : { id: idOf("cust", text) ?? text },
  });
}

/** Customers page by page (from 1), the oldest first. */
export function listCustomersByPage(request: { page: number; pageSize: number }): Promise<Customer[]> {
  const { page, pageSize } = request;
  return db().customer.findMany({
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
    ...{ skip: (page - 1) * pageSize, take: pageSize },
  });
}

/**
 * Makes a customer, who signs in with a code sent to this address.
 * @throws DomainError INVALID on `email`, CONFLICT when the address is a customer's already.
 */
export function createCustomer(request: Act & { email: string; name: string | null }): Promise<Customer> {
  const { actor, now, requestId } = request;
  const email = requireEmail(request.email);
  const name = nameOf(request.name);
  return inTransaction(async (tx) => {
    const id = newId("cust", now);
    const { count } = await tx.customer.createMany({
      data: [{ id, email, name, createdAt: now }],
      skipDuplicates: true,
    });
    if (count === 0)
      throw new DomainError("CONFLICT", "There is a customer with this email address already.", {
        field: "email",
      });
    await recordAudit(tx, {
      ...{
        now,
        actor,
        requestId,
        event: "customer.created",
        target: { type: "customer", id },
        customerId: id,
      },
    });
    return tx.customer.findUniqueOrThrow({ where: { id } });
  });
}

/**
 * Calls a customer something else; null = nothing. Safe to repeat. The address stays: it is what they sign in with.
 * @throws DomainError NOT_FOUND
 */
export function renameCustomer(
  request: Act & { customerId: string; name: string | null },
): Promise<Customer> {
  const { customerId: id, actor, now, requestId } = request;
  const name = nameOf(request.name);
  return inTransaction(async (tx) => {
    const before = canBeId(id) ? await tx.customer.findUnique({ where: { id } }) : null;
    if (!before) throw new DomainError("NOT_FOUND", "There is no customer with this id.");
    if (before.name === name) return before;
    await recordAudit(tx, {
      ...{ now, actor, requestId, target: { type: "customer", id }, customerId: id },
      ...{ event: "customer.contact-changed", before: { name: before.name }, after: { name } },
    });
    return tx.customer.update({ where: { id }, data: { name } });
  });
}

function requireEmail(typed: string): string {
  const email = normalizeEmail(typed);
  if (/^[^\s@]+@[^\s@]+$/.test(email) && email.length <= 254) return email;
  throw new DomainError("INVALID", "Enter an address such as name@example.com.", { field: "email" });
}

function nameOf(typed: string | null): string | null {
  return typed?.trim().slice(0, nameMaxLength) || null;
}
