import { z } from "zod";
import { userAnswer } from "#app/api/cryptlex/answers.ts";
import { filtered } from "#app/api/cryptlex/filters.server.ts";
import { type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { Problem } from "#app/api/problem.ts";
import { programAct } from "#app/api/program-act.ts";
import {
  createCustomer,
  findCustomer,
  listCustomersByPage,
  renameCustomer,
} from "#app/domain/customer/manage-customer.server.ts";

const params = z.object({ id: z.string().trim().min(1).max(128) });
const name = z.string().max(100).nullish();

/** @throws Problem not_found */
export async function requireUser(id: string) {
  const customer = await findCustomer(id);
  if (customer) return customer;
  throw new Problem("not_found", "There is no user with this id.");
}

const list = endpoint({
  method: "GET",
  path: "/v3/users",
  access: "licenses:read",
  summary: "List customers, or find the one of an email address",
  query: filtered(["email"]),
  async handle({ query: { filters, page, limit } }) {
    if (filters.email === undefined)
      return { status: 200, body: (await listCustomersByPage({ page, pageSize: limit })).map(userAnswer) };
    const found = page === 1 && filters.email.includes("@") ? await findCustomer(filters.email) : null;
    return { status: 200, body: found ? [userAnswer(found)] : [] };
  },
});

const create = endpoint({
  method: "POST",
  path: "/v3/users",
  access: "licenses:write",
  summary: "Create a customer",
  description: "Customers sign in with a code by mail; a password is taken and not kept.",
  body: z.object({ email: z.string().max(254), firstName: name, lastName: name }),
  writes: true,
  async handle(call) {
    const { email, firstName, lastName } = call.body;
    const customer = await createCustomer({
      ...programAct(call),
      email,
      name: fullName(firstName, lastName),
    });
    return { status: 201, body: userAnswer(customer) };
  },
});

const read = endpoint({
  method: "GET",
  path: "/v3/users/:id",
  access: "licenses:read",
  summary: "Read a customer",
  params,
  async handle(call) {
    return { status: 200, body: userAnswer(await requireUser(call.params.id)) };
  },
});

const update = endpoint({
  method: "PATCH",
  path: "/v3/users/:id",
  access: "licenses:write",
  summary: "Change the name of a customer",
  params,
  body: z.object({ firstName: name, lastName: name }),
  writes: true,
  async handle(call) {
    const { id: customerId } = await requireUser(call.params.id);
    const { firstName, lastName } = call.body;
    if (firstName === undefined && lastName === undefined)
      throw new Problem(
        "invalid_request",
        "Send firstName or lastName; nothing else of a user can be changed.",
      );
    const renamed = { ...programAct(call), customerId, name: fullName(firstName, lastName) };
    return { status: 200, body: userAnswer(await renameCustomer(renamed)) };
  },
});

function fullName(...parts: (string | null | undefined)[]): string | null {
  return (
    parts
      .map((part) => part?.trim())
      .filter(Boolean)
      .join(" ") || null
  );
}

/** Customers, as far as a bridge from a payment provider needs them. */
export const users: readonly Endpoint[] = [list, create, read, update];
