import { type EmailKind, type EmailState, emailState } from "#app/domain/email-outbox/email.ts";
import {
  encodeCursor,
  isInstant,
  newestFirst,
  type Page,
  type PageRequest,
  planPage,
  toPage,
} from "#app/domain/keyset.server.ts";
import { canBeId, escapeLike, searchText } from "#app/domain/search-text.ts";
import { db } from "#app/infra/db.server.ts";
import { getEnv } from "#app/infra/env.server.ts";
import type { Email, Prisma } from "#app/infra/prisma-client/client.ts";

export type EmailFilter = {
  state?: EmailState | undefined;
  kind?: EmailKind | undefined;
  /** Part of an address, or a whole id: of the mail, its order, license or customer. */
  q?: string | undefined;
};

// The sealed code stays out of every list and page.
const listed = {
  id: true,
  kind: true,
  recipient: true,
  subject: true,
  attempts: true,
  nextAttemptAt: true,
  sentAt: true,
  failedAt: true,
  droppedAt: true,
  lastError: true,
  createdAt: true,
} as const satisfies Prisma.EmailSelect;

type ListedEmail = Prisma.EmailGetPayload<{ select: typeof listed }>;
export type EmailRow = ListedEmail & { state: EmailState };

/** The outbox, newest first. */
export async function listEmails(input: EmailFilter & PageRequest): Promise<Page<EmailRow>> {
  const plan = planPage(input, isInstant);
  const keyset = newestFirst("createdAt", "id", plan);
  const filters: Prisma.EmailWhereInput[] = [keyset.where];
  if (input.state) filters.push(stateWhere(input.state));
  if (input.kind) filters.push({ kind: input.kind });
  const q = searchText(input.q);
  if (q) filters.push(searchWhere(q));
  const found = await db().email.findMany({
    where: { AND: filters },
    orderBy: keyset.orderBy,
    take: keyset.take,
    select: listed,
  });
  const rows = found.map((row) => ({ ...row, state: emailState(row) }));
  return toPage(rows, plan, (row) => encodeCursor(row.createdAt, row.id));
}

/** The same answer as `emailState`, as a condition on rows. */
function stateWhere(state: EmailState): Prisma.EmailWhereInput {
  if (state === "sent") return { sentAt: { not: null } };
  if (state === "failed") return { sentAt: null, failedAt: { not: null } };
  const open = { sentAt: null, failedAt: null };
  return { ...open, droppedAt: state === "dropped" ? { not: null } : null };
}

function searchWhere(q: string): Prisma.EmailWhereInput {
  if (/^(mail|ord|lic|cust)_[0-9a-z]+$/.test(q)) {
    return { OR: [{ id: q }, { orderId: q }, { licenseId: q }, { customerId: q }] };
  }
  return { recipient: { contains: escapeLike(q.toLowerCase()) } };
}

/** One mail with the numbers and names it points to, never its secret; null when there is none. */
export async function getEmail(emailId: string) {
  if (!canBeId(emailId)) return null;
  const email = await db().email.findUnique({
    where: { id: emailId },
    select: {
      ...listed,
      messageId: true,
      orderId: true,
      licenseId: true,
      customerId: true,
      leaseUntil: true,
    },
  });
  if (!email) return null;
  const [order, customer] = await Promise.all([
    email.orderId
      ? db().order.findUnique({ where: { id: email.orderId }, select: { id: true, number: true } })
      : null,
    email.customerId
      ? db().customer.findUnique({ where: { id: email.customerId }, select: { id: true, email: true } })
      : null,
  ]);
  return { ...email, state: emailState(email), order, customer };
}

/** The whole row, for rendering it; null when there is none. */
export async function getEmailRow(emailId: string): Promise<Email | null> {
  return canBeId(emailId) ? db().email.findUnique({ where: { id: emailId } }) : null;
}

/** Whether mails are sent at all; without SMTP_URL they stay queued, to be read in the admin area. */
export function isMailConfigured(): boolean {
  return getEnv().smtpUrl !== undefined;
}
