import { hash, verify } from "@node-rs/argon2";
import type { Role } from "#app/domain/account/roles.ts";
import { passwordMaxLength, passwordProblem } from "#app/domain/account/staff.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { newId } from "#app/domain/ids.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { randomToken } from "#app/infra/secrets.server.ts";
import { createStaffSession, type NewSession } from "#app/infra/session-store.server.ts";
import { singleton } from "#app/infra/singleton.server.ts";

/**
 * Makes a member of staff, audited. There is no other way in: no default account and no sign-up page.
 * @param member.email trimmed and lower-cased
 * @throws DomainError INVALID for a password that will not do, CONFLICT when the address is taken
 */
export async function addStaff(member: {
  email: string;
  name?: string | undefined;
  role: Role;
  password: string;
  now: Date;
}): Promise<{ id: string; email: string; role: Role }> {
  const { email, role, password, now } = member;
  const problem = passwordProblem(password, email);
  if (problem) throw new DomainError("INVALID", problem, { field: "password" });
  const id = newId("staff", now);
  const name = member.name ?? email.slice(0, email.lastIndexOf("@"));
  const passwordHash = await hashPassword(password);
  await inTransaction(async (tx) => {
    const { count } = await tx.staffMember.createMany({
      data: [{ id, email, name, role, passwordHash, createdAt: now }],
      skipDuplicates: true,
    });
    if (count === 0)
      throw new DomainError("CONFLICT", `${email} is a member of staff already.`, { field: "email" });
    await recordAudit(tx, {
      now,
      actor: systemActor("command line"),
      event: "staff.added",
      target: { type: "staff", id },
      after: { email, name, role },
    });
  });
  return { id, email, role };
}

export type StaffMember = { id: string; email: string; name: string; role: string };

/**
 * The member of staff with this address and password, or null. An unknown or disabled address costs the same
 * work as a wrong password, so that time does not tell who works here.
 */
export async function verifyStaffPassword(given: {
  email: string;
  password: string;
}): Promise<StaffMember | null> {
  const dummy = await dummyHash();
  const member = await db().staffMember.findUnique({ where: { email: given.email } });
  const usable = member !== null && member.disabledAt === null;
  const right = await isPassword(usable ? member.passwordHash : dummy, given.password);
  if (!usable || !right) return null;
  const { id, email, name, role } = member;
  return { id, email, name, role };
}

/** Verifies the password and opens a session, audited; null when address and password do not belong together. */
export async function signInStaff(given: {
  email: string;
  password: string;
  /** The session token this browser holds already; it ends. */
  previousToken: string | null;
  userAgent: string | null;
  requestId: string | null;
  now: Date;
}): Promise<{ member: StaffMember; session: NewSession } | null> {
  const member = await verifyStaffPassword(given);
  if (!member) return null;
  const session = await inTransaction(async (tx) => {
    await recordAudit(tx, {
      now: given.now,
      actor: { type: "staff", id: member.id, label: member.email },
      event: "staff.signed-in",
      target: { type: "staff", id: member.id },
      requestId: given.requestId,
    });
    return createStaffSession(tx, { ...given, staffMemberId: member.id });
  });
  return { member, session };
}

// argon2id, the library's default, with OWASP's cost for it: 19 MiB, two passes, one lane.
const argon2Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

function hashPassword(password: string): Promise<string> {
  return hash(password.normalize("NFKC"), argon2Options);
}

async function isPassword(passwordHash: string, password: string): Promise<boolean> {
  const comparable = password.normalize("NFKC").slice(0, passwordMaxLength * 2);
  return verify(passwordHash, comparable);
}

/** The hash of a password nobody knows, made with today's cost. */
function dummyHash(): Promise<string> {
  return singleton("staff-dummy-password-hash", () => hashPassword(randomToken()));
}
