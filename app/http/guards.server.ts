import { redirect } from "@remix-run/node";
import { isRole, may, type Permission, type Role } from "#app/domain/account/roles.ts";
import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { errorResponse } from "#app/http/respond.server.ts";
import { readSignInCookie } from "#app/http/sign-in-cookies.server.ts";
import { getCustomerSession, getStaffSession } from "#app/infra/session-store.server.ts";
import { paths } from "#app/paths.ts";

export type SignedInCustomer = {
  id: string;
  email: string;
  name: string | null;
  actor: Actor & { type: "customer" };
};
export type SignedInStaff = {
  id: string;
  email: string;
  name: string;
  role: Role;
  actor: Actor & { type: "staff" };
  may: (permission: Permission) => boolean;
};

/** The customer whose living session this browser holds, or null. */
export async function getCustomer(request: Request): Promise<SignedInCustomer | null> {
  const token = readSignInCookie(request, "customer");
  const session = token ? await getCustomerSession(token) : null;
  if (!session) return null;
  const { userId: id, email, name } = session;
  return { id, email, name, actor: { type: "customer", id, label: email } };
}

/**
 * Every loader and action of the portal calls this first; a layout's loader guards nothing but itself.
 * @throws Response: 303 to the sign-in page, which leads back here.
 */
export async function requireCustomer(request: Request): Promise<SignedInCustomer> {
  const customer = await getCustomer(request);
  if (!customer) throw redirect(paths.signIn({ redirectTo: pathOf(request) }), 303);
  return customer;
}

/** The member of staff whose living session this browser holds, with the role of this moment, or null. */
export async function getStaff(request: Request): Promise<SignedInStaff | null> {
  const token = readSignInCookie(request, "staff");
  const session = token ? await getStaffSession(token) : null;
  if (!session || !isRole(session.role)) return null;
  const { userId: id, email, role } = session;
  return {
    id,
    email,
    name: session.name ?? email,
    role,
    actor: { type: "staff", id, label: email },
    may: (permission) => may(role, permission),
  };
}

/**
 * Every loader and action of the admin area calls this first and names what it needs.
 * @throws Response: 303 to the staff sign-in when nobody is signed in, 403 when the role may not.
 */
export async function requireStaff(request: Request, permission: Permission): Promise<SignedInStaff> {
  const staff = await getStaff(request);
  if (!staff) throw redirect(paths.signIn({ as: "staff", redirectTo: pathOf(request) }), 303);
  if (!staff.may(permission))
    throw errorResponse(
      new DomainError("FORBIDDEN", `Your role (${staff.role}) may not do this. Ask an owner or an admin.`, {
        context: { permission },
      }),
    );
  return staff;
}

function pathOf(request: Request): string {
  const { pathname, search } = new URL(request.url);
  return pathname + search;
}
