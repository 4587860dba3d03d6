import { type Adapter, Lucia, TimeSpan } from "lucia";
import { db, type Tx } from "#app/infra/db.server.ts";
import { randomToken, sha256Hex } from "#app/infra/secrets.server.ts";

type SessionAttributes = { absoluteExpiresAt: Date; userAgent: string | null };
/** `role` is null for customers. */
type UserAttributes = { email: string; name: string | null; role: string | null };

declare module "lucia" {
  interface Register {
    Lucia: Lucia<SessionAttributes, UserAttributes>;
    DatabaseSessionAttributes: SessionAttributes;
    DatabaseUserAttributes: UserAttributes;
  }
}

/** How long a session lives unused, and how long at most. Documented in docs/decisions/0007. */
export const sessionLimits = {
  customer: { idleSeconds: 30 * 86_400, absoluteSeconds: 90 * 86_400 },
  staff: { idleSeconds: 30 * 60, absoluteSeconds: 12 * 3_600 },
} as const;
export type SessionKind = keyof typeof sessionLimits;

/** The token belongs into the browser's cookie and nowhere else; it cannot be had a second time. */
export type NewSession = { token: string; maxAgeSeconds: number };

type Client = Tx | ReturnType<typeof db>;
type Session = { id: string; userId: string; expiresAt: Date; email: string; name: string | null };

/**
 * Starts a session. Deletes the one `previousToken` names, so that a token planted or kept from before the
 * sign-in opens nothing afterwards (ASVS 7.2.4).
 */
export function createCustomerSession(
  tx: Tx,
  of: { customerId: string; previousToken: string | null; userAgent: string | null; now: Date },
): Promise<NewSession> {
  return createSession(tx, "customer", { ...of, userId: of.customerId });
}

/** As `createCustomerSession`, for staff. */
export function createStaffSession(
  tx: Tx,
  of: { staffMemberId: string; previousToken: string | null; userAgent: string | null; now: Date },
): Promise<NewSession> {
  return createSession(tx, "staff", { ...of, userId: of.staffMemberId });
}

async function createSession(
  tx: Tx,
  kind: SessionKind,
  of: { userId: string; previousToken: string | null; userAgent: string | null; now: Date },
): Promise<NewSession> {
  const sessions = lucia(kind, tx);
  if (of.previousToken) await sessions.invalidateSession(sha256Hex(of.previousToken));
  const token = randomToken();
  const { absoluteSeconds } = sessionLimits[kind];
  const absoluteExpiresAt = new Date(of.now.getTime() + absoluteSeconds * 1000);
  const attributes = { absoluteExpiresAt, userAgent: of.userAgent?.slice(0, 300) ?? null };
  await sessions.createSession(of.userId, attributes, { sessionId: sha256Hex(token) });
  // The server ends idle sessions itself, so the cookie is never renewed and loaders need not set one.
  return { token, maxAgeSeconds: absoluteSeconds };
}

/** The living session of this token, or null. Moves its idle limit once half of it has gone by. */
export function getCustomerSession(token: string): Promise<Session | null> {
  return getSession("customer", token);
}

/** As `getCustomerSession`; a disabled member has no session. The role is the one of this moment. */
export async function getStaffSession(token: string): Promise<(Session & { role: string }) | null> {
  const session = await getSession("staff", token);
  return session?.role ? { ...session, role: session.role } : null;
}

async function getSession(kind: SessionKind, token: string) {
  // Tokens are 43 characters; a longer one is no reason to hash a megabyte.
  if (token === "" || token.length > 100) return null;
  const { session, user } = await lucia(kind, db()).validateSession(sha256Hex(token));
  if (!session) return null;
  const { email, name, role } = user;
  return { id: session.id, userId: user.id, expiresAt: session.expiresAt, email, name, role };
}

/** Ends one session. Safe to repeat. */
export async function endSession(kind: SessionKind, token: string): Promise<void> {
  await lucia(kind, db()).invalidateSession(sha256Hex(token));
}

/** Ends every session of a person, in the transaction of what made that necessary. */
export async function endSessions(tx: Tx, kind: SessionKind, userId: string): Promise<void> {
  await lucia(kind, tx).invalidateUserSessions(userId);
}

/** Ids given to Lucia are always SHA-256 of the token: it never sees, and the database never holds, a token. */
function lucia(kind: SessionKind, client: Client) {
  return new Lucia(kind === "customer" ? customerAdapter(client) : staffAdapter(client), {
    sessionExpiresIn: new TimeSpan(sessionLimits[kind].idleSeconds, "s"),
    getSessionAttributes: (attributes) => attributes,
    getUserAttributes: (attributes) => attributes,
  });
}

/** The idle limit moves, the absolute one stands: whichever ends first is the one Lucia checks. */
function earlier(idle: Date, absolute: Date): Date {
  return idle < absolute ? idle : absolute;
}

function customerAdapter(client: Client): Adapter {
  const table = client.customerSession;
  return {
    async getSessionAndUser(id) {
      const row = await table.findUnique({ where: { id }, include: { customer: true } });
      if (!row) return [null, null];
      const { id: userId, email, name } = row.customer;
      return [databaseSession(row, userId), { id: userId, attributes: { email, name, role: null } }];
    },
    async getUserSessions(customerId) {
      const rows = await table.findMany({ where: { customerId } });
      return rows.map((row) => databaseSession(row, customerId));
    },
    async setSession({ id, userId, expiresAt, attributes }) {
      const data = { id, customerId: userId, ...attributes };
      await table.create({ data: { ...data, expiresAt: earlier(expiresAt, attributes.absoluteExpiresAt) } });
    },
    async updateSessionExpiration(id, expiresAt) {
      await client.$executeRaw`UPDATE customer_session SET expires_at = LEAST(${expiresAt}, absolute_expires_at)
        WHERE id = ${id} AND expires_at < LEAST(${expiresAt}, absolute_expires_at)`;
    },
    async deleteSession(id) {
      await table.deleteMany({ where: { id } });
    },
    async deleteUserSessions(customerId) {
      await table.deleteMany({ where: { customerId } });
    },
    async deleteExpiredSessions() {
      await table.deleteMany({ where: { expiresAt: { lte: new Date() } } });
    },
  };
}

function staffAdapter(client: Client): Adapter {
  const table = client.staffSession;
  return {
    async getSessionAndUser(id) {
      const row = await table.findUnique({ where: { id }, include: { staffMember: true } });
      if (!row) return [null, null];
      const { id: userId, email, name, role, disabledAt } = row.staffMember;
      // No user makes Lucia delete the session: disabling somebody ends all of theirs.
      return [
        databaseSession(row, userId),
        disabledAt ? null : { id: userId, attributes: { email, name, role } },
      ];
    },
    async getUserSessions(staffMemberId) {
      const rows = await table.findMany({ where: { staffMemberId } });
      return rows.map((row) => databaseSession(row, staffMemberId));
    },
    async setSession({ id, userId, expiresAt, attributes }) {
      const data = { id, staffMemberId: userId, ...attributes };
      await table.create({ data: { ...data, expiresAt: earlier(expiresAt, attributes.absoluteExpiresAt) } });
    },
    async updateSessionExpiration(id, expiresAt) {
      await client.$executeRaw`UPDATE staff_session SET expires_at = LEAST(${expiresAt}, absolute_expires_at)
        WHERE id = ${id} AND expires_at < LEAST(${expiresAt}, absolute_expires_at)`;
    },
    async deleteSession(id) {
      await table.deleteMany({ where: { id } });
    },
    async deleteUserSessions(staffMemberId) {
      await table.deleteMany({ where: { staffMemberId } });
    },
    async deleteExpiredSessions() {
      await table.deleteMany({ where: { expiresAt: { lte: new Date() } } });
    },
  };
}

function databaseSession(
  row: { id: string; expiresAt: Date; absoluteExpiresAt: Date; userAgent: string | null },
  userId: string,
) {
  const { id, expiresAt, absoluteExpiresAt, userAgent } = row;
  return { id, userId, expiresAt, attributes: { absoluteExpiresAt, userAgent } };
}
