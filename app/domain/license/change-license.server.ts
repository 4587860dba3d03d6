import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import type { EmailProps } from "#app/domain/email-outbox/email.ts";
import { queueEmail } from "#app/domain/email-outbox/queue-email.server.ts";
import { type LicenseAct, licenseActWords } from "#app/domain/license/license-acts.ts";
import { licenseAuditFacts } from "#app/domain/license/license-facts.ts";
import { canBeId } from "#app/domain/search-text.ts";
import { claimSubmission } from "#app/domain/submission.server.ts";
import type { Tx } from "#app/infra/db.server.ts";
import type { Prisma } from "#app/infra/prisma-client/client.ts";
import { inTransactionThenWake } from "#app/infra/wake-worker.server.ts";

/** What every act of staff or a program on a license carries. */
export type LicenseChange = {
  licenseId: string;
  /** The version the person was looking at; another one is a conflict. Null = a program, which looked at none. */
  version: number | null;
  /** The form's token: the same again changes nothing. */
  submission: string;
  /** 3 to 500 characters; kept in the audit log, never shown to the customer. */
  reason: string;
  /** A license without an owner has nobody to tell. */
  notifyCustomer: boolean;
  /** What the customer reads in the mail, when staff wrote something. */
  note?: string | undefined;
  actor: Actor & { type: "staff" | "api-key" };
  now: Date;
  requestId: string | null;
};

const parts = { holds: true, customer: true } satisfies Prisma.LicenseInclude;
export type LockedLicense = Prisma.LicenseGetPayload<{ include: typeof parts }>;

/** What a rule decided: what changes, and what the person who did it is told. */
export type LicenseDecision = {
  columns?: Prisma.LicenseUncheckedUpdateInput;
  addHold?: { id: string; cause: string; reason: string };
  removeHold?: string;
  message: string;
  /** What the audit log keeps of it besides the license before and after. */
  recorded?: Record<string, string>;
} & (
  | {
      change: EmailProps["license-changed"]["change"];
      /** New end to name in the mail. */
      validUntil?: Date;
      /** The customer would read something that is not so. */
      withoutMail?: boolean;
    }
  | {
      change:
        | EmailProps["license-changed"]["change"]
        | "assigned"
        | "shortened"
        | "limit-changed"
        | "metadata-changed"
        | "key-rotated";
      withoutMail: true;
    }
);

/**
 * Carries out one act of staff: locked row, token, version, rule, change, audit row and mail in one transaction.
 * @throws DomainError NOT_FOUND; INVALID from the reason or the rule; CONFLICT whose `context.changes`
 * (`LicenseAct[]`) says what others did since.
 */
export async function changeLicense(
  request: LicenseChange,
  decide: (license: LockedLicense, tx: Tx) => LicenseDecision | Promise<LicenseDecision>,
): Promise<{ message: string }> {
  const { now, actor } = request;
  const reason = requireReason(request.reason);
  return inTransactionThenWake(async (tx) => {
    const before = await lockLicense(tx, request.licenseId);
    const said = await claim(tx, request);
    if (said !== null) return { message: said };
    if (request.version !== null && before.version !== request.version)
      throw await conflict(tx, before, request.version);

    const decision = await decide(before, tx);
    const after = await write(tx, before, decision, now);
    await recordAudit(tx, {
      now,
      actor,
      event: `license.${decision.change}`,
      target: { type: "license", id: before.id },
      licenseId: before.id,
      orderId: before.orderId,
      customerId: after.customerId,
      reason,
      before: licenseAuditFacts(before),
      after: { ...licenseAuditFacts(after), ...decision.recorded },
      requestId: request.requestId,
    });
    const told = await tellCustomer(tx, before, decision, request);
    const message = told ? `${decision.message} ${told} gets an email.` : decision.message;
    await remember(tx, request.submission, message);
    return { message };
  });
}

/** Locks the row until the transaction ends, so that two acts on one license follow each other. */
export async function lockLicense(tx: Tx, licenseId: string): Promise<LockedLicense> {
  if (canBeId(licenseId)) {
    await tx.$queryRaw`SELECT 1 FROM license WHERE id = ${licenseId} FOR UPDATE`;
    const license = await tx.license.findUnique({ where: { id: licenseId }, include: parts });
    if (license) return license;
  }
  throw new DomainError("NOT_FOUND", "There is no license with this id.");
}

/** Claims the token before anything is read or decided; what to say is only known at the end (`remember`). */
export function claim(
  tx: Tx,
  request: { submission: string; actor: { id: string }; now: Date },
): Promise<string | null> {
  return claimSubmission(tx, {
    token: request.submission,
    actorId: request.actor.id,
    message: "Done.",
    now: request.now,
  });
}

/** Keeps what the first submit was told, for a repeat of it. */
export async function remember(tx: Tx, submission: string, message: string): Promise<void> {
  await tx.submission.update({ where: { token: submission }, data: { message } });
}

/** @throws DomainError INVALID on the field `reason`. */
export function requireReason(typed: string): string {
  const reason = typed.trim();
  if (reason.length < 3 || reason.length > 500)
    throw new DomainError("INVALID", "Give a reason of 3 to 500 characters. It is kept in the audit log.", {
      field: "reason",
    });
  return reason;
}

async function write(tx: Tx, license: LockedLicense, decision: LicenseDecision, now: Date) {
  const licenseId = license.id;
  if (decision.addHold)
    await tx.licenseHold.create({ data: { ...decision.addHold, licenseId, createdAt: now } });
  if (decision.removeHold)
    await tx.licenseHold.deleteMany({ where: { licenseId, cause: decision.removeHold } });
  return tx.license.update({
    where: { id: licenseId },
    data: { ...decision.columns, version: { increment: 1 } },
    include: { holds: true },
  });
}

/** @returns the address that gets the mail; null when there is nobody to tell or nothing to be told. */
async function tellCustomer(
  tx: Tx,
  license: LockedLicense,
  decision: LicenseDecision,
  request: LicenseChange,
): Promise<string | null> {
  const recipient = license.customer?.email;
  if (!request.notifyCustomer || decision.withoutMail || !recipient) return null;
  const note = request.note?.trim();
  await queueEmail(tx, {
    now: request.now,
    kind: "license-changed",
    causeKey: request.submission,
    recipient,
    props: {
      licenseId: license.id,
      change: decision.change,
      ...(decision.validUntil && { validUntil: decision.validUntil.toISOString() }),
      ...(note && { note }),
    },
    customerId: license.customerId,
    orderId: license.orderId,
    licenseId: license.id,
  });
  return recipient;
}

/** Every raise of the version leaves one audit row, so the latest rows are what the person has not seen. */
async function conflict(tx: Tx, license: LockedLicense, seenVersion: number): Promise<DomainError> {
  const unseen = Math.max(0, Math.min(license.version - seenVersion, 20));
  const rows = await tx.auditLog.findMany({
    where: {
      licenseId: license.id,
      event: { startsWith: "license.", notIn: ["license.issued", "license.resent", "license.key-revealed"] },
    },
    orderBy: { seq: "desc" },
    take: unseen,
  });
  const changes: LicenseAct[] = rows.reverse().map((row) => ({
    who: row.actorLabel,
    what: licenseActWords(row.event, row.after),
    why: row.reason,
    when: row.at.toISOString(),
  }));
  return new DomainError(
    "CONFLICT",
    "This license was changed while you were looking at it, so nothing was done. Check what changed, then decide again.",
    { context: { changes } },
  );
}
